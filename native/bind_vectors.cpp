// Co-occurrence counts and GloVe as Python functions.
#include "bindings.hpp"
#include "cooccurrence.hpp"
#include "glove.hpp"

namespace leftfold {

namespace {

std::string number(int64_t value) {
    return std::to_string(value);
}

[[noreturn]] void refuse(const std::string& message) {
    throw nb::value_error(message.c_str());
}

// Offsets into something of `count`: each at least as large as the one before.
void check_offsets(const Array<int64_t>& offsets, int64_t count, const char* function,
                   const char* argument) {
    int64_t least = 0;
    for (int64_t i = 0; i < offsets.size(); i++) {
        const int64_t offset = offsets.data()[i];
        if (offset < least || offset > count)
            refuse(std::string(function) + " expected " + argument + " to rise from 0 to at most " +
                   number(count) + ", got " + number(offset) + ".");
        least = offset;
    }
}

int64_t count_near(nb::handle tokens_argument, nb::handle positions_argument,
                   nb::handle starts_argument, nb::handle weights_argument, bool both_sides,
                   int64_t vocabulary, nb::handle columns_argument, nb::handle counts_argument,
                   nb::handle lengths_argument) {
    constexpr const char* NAME = "cooccurrence_counts";
    const Array<int32_t> tokens(tokens_argument, {NAME, "tokens"}, {ANY});
    const Array<int32_t> positions(positions_argument, {NAME, "positions"}, {ANY});
    const Array<int64_t> starts(starts_argument, {NAME, "starts"}, {ANY});
    const Array<float> weights(weights_argument, {NAME, "weights"}, {ANY});
    const Array<int32_t> columns(columns_argument, {NAME, "columns"}, {ANY}, true);
    const Array<float> counts(counts_argument, {NAME, "counts"}, {columns.size()}, true);
    if (vocabulary < 0 || vocabulary > INT32_MAX)
        refuse(std::string(NAME) + " expected vocabulary from 0 to " + number(INT32_MAX) +
               ", got " + number(vocabulary) + ".");
    const int64_t rows = starts.size() ? starts.size() - 1 : 0;
    const Array<int64_t> lengths(lengths_argument, {NAME, "lengths"}, {rows}, true);
    check_ids(positions, tokens.size(), {NAME, "positions"});
    check_offsets(starts, positions.size(), NAME, "starts");
    for (int64_t i = 0; i < tokens.size(); i++)
        if (tokens.data()[i] >= vocabulary)
            throw nb::index_error((std::string(NAME) + " expected tokens below " +
                                   number(vocabulary) + ", got " + number(tokens.data()[i]) + ".")
                                      .c_str());
    const Windows windows{tokens.data(),  tokens.size(), weights.data(),
                          weights.size(), both_sides,    vocabulary};
    int64_t total;
    {
        nb::gil_scoped_release unlocked;
        total = cooccurrence_counts(windows, positions.data(), starts.data(), rows, columns.size(),
                                    columns.mutable_data(), counts.mutable_data(),
                                    lengths.mutable_data());
    }
    if (total < 0)
        refuse(std::string(NAME) +
               " expected columns with room for every row at its longest, got " +
               number(columns.size()) + ".");
    return total;
}

Factors factors(nb::handle values, const char* values_name, nb::handle squares,
                const char* squares_name, int64_t& vocabulary, int64_t& width) {
    constexpr const char* NAME = "glove_update";
    const Array<float> v(values, {NAME, values_name}, {vocabulary, width}, true);
    vocabulary = v.shape(0);
    width = v.shape(1);
    const Array<float> s(squares, {NAME, squares_name}, {vocabulary, width}, true);
    return {v.mutable_data(), s.mutable_data()};
}

double update(nb::handle words, nb::handle word_squares, nb::handle contexts,
              nb::handle context_squares, nb::handle rows_argument, nb::handle columns_argument,
              nb::handle log_counts_argument, nb::handle starts_argument, nb::handle stops_argument,
              int64_t dimensions, double log_x_max, double alpha, double learning_rate) {
    constexpr const char* NAME = "glove_update";
    int64_t vocabulary = ANY, context_vocabulary = ANY, width = ANY;
    const Factors word = factors(words, "words", word_squares, "word_squares", vocabulary, width);
    const Factors context = factors(contexts, "contexts", context_squares, "context_squares",
                                    context_vocabulary, width);
    if (dimensions < 1 || dimensions > width - 2)
        refuse(std::string(NAME) + " expected dimensions from 1 to " + number(width - 2) +
               ", two less than the width of words, got " + number(dimensions) + ".");
    const Array<int32_t> rows(rows_argument, {NAME, "rows"}, {ANY});
    const Array<int32_t> columns(columns_argument, {NAME, "columns"}, {rows.size()});
    const Array<float> log_counts(log_counts_argument, {NAME, "log_counts"}, {rows.size()});
    const Array<int64_t> starts(starts_argument, {NAME, "starts"}, {ANY});
    const Array<int64_t> stops(stops_argument, {NAME, "stops"}, {starts.size()});
    for (int64_t b = 0; b < starts.size(); b++) {
        const int64_t start = starts.data()[b], stop = stops.data()[b];
        if (start < 0 || start > stop || stop > rows.size())
            refuse(std::string(NAME) + " expected blocks inside of " + number(rows.size()) +
                   " counts, got [" + number(start) + ", " + number(stop) + ").");
    }
    check_ids(rows, vocabulary, {NAME, "rows"});
    check_ids(columns, context_vocabulary, {NAME, "columns"});
    const auto f = [](double x) { return static_cast<float>(x); };
    nb::gil_scoped_release unlocked;
    return glove_update(word, context,
                        {rows.data(), columns.data(), log_counts.data(), starts.data(),
                         stops.data(), starts.size()},
                        {width, dimensions, f(log_x_max), f(alpha), f(learning_rate)});
}

}  // namespace

void bind_vectors(nb::module_& m) {
    constexpr auto array = array_argument;
    using nb::arg;
    m.def("cooccurrence_counts", &count_near, array("tokens"), array("positions"), array("starts"),
          array("weights"), arg("both_sides"), arg("vocabulary"), array("columns"), array("counts"),
          array("lengths"));
    m.def("glove_update", &update, array("words"), array("word_squares"), array("contexts"),
          array("context_squares"), array("rows"), array("columns"), array("log_counts"),
          array("starts"), array("stops"), arg("dimensions"), arg("log_x_max"), arg("alpha"),
          arg("learning_rate"));
}

}  // namespace leftfold
