// Products of bfloat16s, two at a time, summed in float32.
//
// Processors that multiply bfloat16s take them in pairs: one instruction adds a[2j] * b[2j] and
// a[2j + 1] * b[2j + 1] to a sum. So the right operand is packed with every two rows
// interleaved: a vector holds, for each of its LANES columns, the numbers of rows 2j and 2j + 1.
// The left operand is read in place, two neighbours of a row as one word. One packed layout
// serves both forms of the product:
//
//   vectors  (AVX512-BF16: VDPBF16PS)  a vector of the panel times one word of the left operand,
//            broadcast: the loop of tile.hpp with half as many steps;
//   tiles    (AMX: TDPBF16PS)  16 vectors that follow each other are a tile of 32 rows by 16
//            columns, 16 rows of the left operand are another: one instruction multiplies both.
//
// Tiles need whole blocks of 32 rows. Panels end with zeros; what is left of the left operand is
// copied to where zeros can follow it, so nothing outside its rows is ever read.
//
// Every element of the result is one chain of sums over the depth in a fixed order, whatever the
// rows beside it, so results do not depend on how rows are shared among threads. The two forms
// sum pairs in different orders: theirs differ from each other by a rounding.
#pragma once

#include <string>
#include <vector>

#include "simd.hpp"

namespace leftfold {

#if LEFTFOLD_BFLOAT16

// out (rows by columns * LANES) += a (rows by depth) * panel.
struct PairProduct {
    const bfloat16* a;  // row r starts at a + r * a_row
    int64_t a_row;
    int rows;               // 1 to PAIR_ROWS
    const bfloat16* panel;  // zeros behind `depth` rows, to a multiple of 32
    int64_t panel_step;     // from one of its rows to the next
    int columns;            // vectors, 1 to 4
    int64_t depth;
    Vector* out;  // row r starts at out + r * out_row
    int64_t out_row;
};

constexpr int PAIR_ROWS = 16;

void add_pairs(const PairProduct& product);

#endif

// The forms of the product that run here, best first: "amx", "avx512_bf16", or none.
std::vector<std::string> pair_forms();
// The one that is faster than products of floats, or nothing.
std::string best_pair_form();
// Uses one of them from now on. There must be one before the first product.
void use_pair_form(const std::string& form);

}  // namespace leftfold
