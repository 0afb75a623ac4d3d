#include "pairs.hpp"

#include <cstring>

#if LEFTFOLD_BFLOAT16
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

#include "tile.hpp"

namespace leftfold {

#if LEFTFOLD_BFLOAT16

namespace {

constexpr int64_t BLOCK = 32;  // rows of a panel that a tile holds

// What is left of the left operand behind its whole blocks, with zeros behind it.
struct Rest {
    alignas(64) bfloat16 rows[PAIR_ROWS][BLOCK] = {};

    explicit Rest(const PairProduct& p) {
        const int64_t from = p.depth / BLOCK * BLOCK;
        for (int r = 0; r < p.rows; r++)
            std::memcpy(rows[r], p.a + r * p.a_row + from, (p.depth - from) * sizeof(bfloat16));
    }
};

#define LEFTFOLD_PAIRS_OF_VECTORS __attribute__((target("avx512bf16")))

// sums += a * panel, in registers; `depth` is even.
template <int ROWS, int COUNT>
LEFTFOLD_PAIRS_OF_VECTORS LEFTFOLD_INLINE void add_rows(__m512 (&sums)[ROWS][COUNT],
                                                        const bfloat16* a, int64_t a_row,
                                                        const bfloat16* panel, int64_t panel_step,
                                                        int64_t depth) {
    for (int64_t k = 0; k < depth; k += 2) {
        __m512bh b[COUNT];
#pragma GCC unroll 4
        for (int v = 0; v < COUNT; v++)
            b[v] = (__m512bh)_mm512_loadu_si512(panel + k * panel_step + 2 * v * LANES);
#pragma GCC unroll 6
        for (int r = 0; r < ROWS; r++) {
            int32_t pair;
            std::memcpy(&pair, a + r * a_row + k, sizeof pair);
            const __m512bh both = (__m512bh)_mm512_set1_epi32(pair);
#pragma GCC unroll 4
            for (int v = 0; v < COUNT; v++)
                sums[r][v] = _mm512_dpbf16_ps(sums[r][v], both, b[v]);
        }
    }
}

template <int ROWS, int COUNT>
LEFTFOLD_PAIRS_OF_VECTORS void add_vectors(const PairProduct& p, int64_t row) {
    Vector* out = p.out + row * p.out_row;
    const bfloat16* a = p.a + row * p.a_row;
    __m512 sums[ROWS][COUNT];
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < COUNT; v++)
            sums[r][v] = (__m512)out[r * p.out_row + v];
    const int64_t whole = p.depth / 2 * 2;
    add_rows<ROWS, COUNT>(sums, a, p.a_row, p.panel, p.panel_step, whole);
    if (whole < p.depth) {
        bfloat16 last[ROWS][2] = {};
        for (int r = 0; r < ROWS; r++)
            last[r][0] = a[r * p.a_row + whole];
        add_rows<ROWS, COUNT>(sums, last[0], 2, p.panel + whole * p.panel_step, p.panel_step, 2);
    }
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < COUNT; v++)
            out[r * p.out_row + v] = (Vector)sums[r][v];
}

void add_by_vectors(const PairProduct& p) {
    with_size<4>(p.columns, [&](auto columns) {
        for_each_tile<6>(p.rows, [&](int64_t row, auto rows) {
            add_vectors<decltype(rows)::value, decltype(columns)::value>(p, row);
        });
    });
}

// The shapes of the processor's eight tile registers, as LDTILECFG reads them.
struct TileShapes {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {};

    // Registers 0 to 3 hold sums, 4 rows of the left operand, 5 and 6 blocks of the panel.
    explicit TileShapes(int left_rows) {
        for (int i = 0; i < 7; i++)
            rows[i] = static_cast<uint8_t>(i < 5 ? left_rows : BLOCK / 2);
    }
};

// Compilers need not know that tile instructions read and write memory.
LEFTFOLD_INLINE void settle_memory(const void* used) {
    asm volatile("" ::"r"(used) : "memory");
}

#define LEFTFOLD_PAIRS_OF_TILES __attribute__((target("amx-tile,amx-bf16")))

// One block of the depth: sums += left * panel. Registers are named by literals, so columns
// cannot be a loop.
LEFTFOLD_PAIRS_OF_TILES LEFTFOLD_INLINE void add_block(const bfloat16* left, int64_t left_bytes,
                                                       const bfloat16* panel, int64_t panel_bytes,
                                                       int columns) {
    constexpr int64_t NEXT = 2 * LANES;
    _tile_loadd(4, left, left_bytes);
    _tile_loadd(5, panel, panel_bytes);
    _tile_dpbf16ps(0, 4, 5);
    if (columns < 2) return;
    _tile_loadd(6, panel + NEXT, panel_bytes);
    _tile_dpbf16ps(1, 4, 6);
    if (columns < 3) return;
    _tile_loadd(5, panel + 2 * NEXT, panel_bytes);
    _tile_dpbf16ps(2, 4, 5);
    if (columns < 4) return;
    _tile_loadd(6, panel + 3 * NEXT, panel_bytes);
    _tile_dpbf16ps(3, 4, 6);
}

LEFTFOLD_PAIRS_OF_TILES void add_by_tiles(const PairProduct& p) {
    const TileShapes shapes(p.rows);
    settle_memory(&shapes);
    _tile_loadconfig(&shapes);
    const int64_t out_bytes = p.out_row * sizeof(Vector);
    _tile_loadd(0, p.out, out_bytes);
    if (p.columns > 1) _tile_loadd(1, p.out + 1, out_bytes);
    if (p.columns > 2) _tile_loadd(2, p.out + 2, out_bytes);
    if (p.columns > 3) _tile_loadd(3, p.out + 3, out_bytes);
    const int64_t left_bytes = p.a_row * sizeof(bfloat16);
    const int64_t panel_bytes = 2 * p.panel_step * sizeof(bfloat16);
    int64_t k = 0;
    for (; k + BLOCK <= p.depth; k += BLOCK)
        add_block(p.a + k, left_bytes, p.panel + k * p.panel_step, panel_bytes, p.columns);
    if (k < p.depth) {
        const Rest rest(p);
        settle_memory(&rest);
        add_block(rest.rows[0], sizeof rest.rows[0], p.panel + k * p.panel_step, panel_bytes,
                  p.columns);
    }
    _tile_stored(0, p.out, out_bytes);
    if (p.columns > 1) _tile_stored(1, p.out + 1, out_bytes);
    if (p.columns > 2) _tile_stored(2, p.out + 2, out_bytes);
    if (p.columns > 3) _tile_stored(3, p.out + 3, out_bytes);
    _tile_release();
    settle_memory(p.out);
}

// Linux lets a process use tiles once it has asked: they make its signal frames larger.
bool has_tiles() {
#if defined(__linux__)
    constexpr unsigned AMX_BF16 = 1u << 22, AMX_TILE = 1u << 24;
    constexpr long ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18;
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
    if (!(d & AMX_BF16) || !(d & AMX_TILE)) return false;
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
#else
    return false;
#endif
}

void (*chosen)(const PairProduct&) = nullptr;

}  // namespace

void add_pairs(const PairProduct& product) {
    if (product.depth > 0) chosen(product);
}

std::vector<std::string> pair_forms() {
    static const bool tiles = has_tiles();
    std::vector<std::string> names;
    if (tiles) names.push_back("amx");
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512bf16")) names.push_back("avx512_bf16");
    return names;
}

std::string best_pair_form() {
    const std::vector<std::string> forms = pair_forms();
    // Intel's processors have one unit for VDPBF16PS and two for multiply-adds: on a Sapphire
    // Rapids it does half as many operations a second.
    if (forms.empty() || (forms[0] != "amx" && __builtin_cpu_is("intel"))) return "";
    return forms[0];
}

void use_pair_form(const std::string& form) {
    chosen = form == "amx" ? add_by_tiles : add_by_vectors;
}

#else

std::vector<std::string> pair_forms() {
    return {};
}

std::string best_pair_form() {
    return "";
}

void use_pair_form(const std::string&) {}

#endif

}  // namespace leftfold
