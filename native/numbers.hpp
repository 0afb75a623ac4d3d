// Decimal numbers in text.
#pragma once

#include <cstdint>

namespace leftfold {

// Reads `count` numbers out of text[0, size), which blanks keep apart, each rounded to double and
// then to float. Returns false where the text holds anything else, another count of numbers, or a
// number that takes more than exact products of doubles: more than 15 digits that matter, or a
// power of ten beyond 22.
bool parse_numbers(const char* text, int64_t size, int64_t count, float* out);

}  // namespace leftfold
