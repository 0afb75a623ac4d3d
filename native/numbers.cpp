#include "numbers.hpp"

namespace leftfold {

namespace {

// All of them, and all whole numbers below 10^15, are doubles without rounding, so that one
// product or quotient of both is rounded once, which is what the number means.
// Source: W. D. Clinger, How to Read Floating Point Numbers Accurately, 1990.
constexpr double POWERS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                             1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int MOST_DIGITS = 15;
constexpr int LARGEST_POWER = 22;

bool is_blank(char letter) {
    return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n';
}

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

// A number being read: its digits as a whole number, and the power of ten to multiply it with.
struct Decimal {
    uint64_t digits = 0;
    int significant = 0;
    int power = 0;
    bool any = false;

    const char* read(const char* at, const char* end, bool behind_point) {
        for (; at < end && is_digit(*at); at++) {
            any = true;
            digits = digits * 10 + static_cast<uint64_t>(*at - '0');
            if (digits != 0 && ++significant > MOST_DIGITS) return nullptr;
            power -= behind_point;
            if (power < -2 * LARGEST_POWER) return nullptr;
        }
        return at;
    }
};

const char* read_exponent(const char* at, const char* end, int& power) {
    bool negative = false;
    if (at < end && (*at == '-' || *at == '+')) negative = *at++ == '-';
    if (at == end || !is_digit(*at)) return nullptr;
    int value = 0;
    for (; at < end && is_digit(*at); at++) {
        value = value * 10 + (*at - '0');
        if (value > 4 * LARGEST_POWER) return nullptr;
    }
    power += negative ? -value : value;
    return at;
}

// Behind the number that begins here; null where there is none that is plain.
const char* read_number(const char* at, const char* end, float& out) {
    bool negative = false;
    if (*at == '-' || *at == '+') negative = *at++ == '-';
    Decimal number;
    at = number.read(at, end, false);
    if (at != nullptr && at < end && *at == '.') at = number.read(at + 1, end, true);
    if (at == nullptr || !number.any) return nullptr;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at = read_exponent(at + 1, end, number.power);
        if (at == nullptr) return nullptr;
    }
    if (number.power < -LARGEST_POWER || number.power > LARGEST_POWER) return nullptr;
    const double digits = static_cast<double>(number.digits);
    const double value =
        number.power < 0 ? digits / POWERS[-number.power] : digits * POWERS[number.power];
    out = static_cast<float>(negative ? -value : value);
    return at;
}

}  // namespace

bool parse_numbers(const char* text, int64_t size, int64_t count, float* out) {
    const char* at = text;
    const char* end = text + size;
    int64_t found = 0;
    while (true) {
        while (at < end && is_blank(*at))
            at++;
        if (at == end) return found == count;
        if (found == count) return false;
        at = read_number(at, end, out[found++]);
        if (at == nullptr || (at < end && !is_blank(*at))) return false;
    }
}

}  // namespace leftfold
