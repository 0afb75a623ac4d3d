// Compiled models as a Python class: built operation by operation, then stepped. A step of one
// session is so short that how its arguments are read matters: arrays through the buffer protocol,
// the interpreter's lock kept.
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <mutex>

#include "bindings.hpp"
#include "stream_cells.hpp"

namespace leftfold {

namespace {

constexpr const char* STEP = "step";

[[noreturn]] void refuse(const std::string& message) {
    throw nb::value_error(message.c_str());
}

// The memory of an array of floats with this shape, read through the buffer protocol, if that is
// what it is.
class FloatBuffer {
  public:
    FloatBuffer(nb::handle object, int64_t width, bool writable) {
        const int flags = PyBUF_FORMAT | PyBUF_C_CONTIGUOUS | (writable ? PyBUF_WRITABLE : 0);
        if (PyObject_GetBuffer(object.ptr(), &view_, flags) != 0) {
            PyErr_Clear();
            return;
        }
        held_ = true;
        fits_ = view_.ndim == 1 && view_.shape[0] == width && view_.format &&
                view_.format[0] == 'f' && view_.format[1] == '\0' &&
                reinterpret_cast<uintptr_t>(view_.buf) % alignof(float) == 0;
    }
    ~FloatBuffer() {
        if (held_) PyBuffer_Release(&view_);
    }
    FloatBuffer(const FloatBuffer&) = delete;

    explicit operator bool() const { return fits_; }
    float* data() const { return static_cast<float*>(view_.buf); }

  private:
    Py_buffer view_;
    bool held_ = false, fits_ = false;
};

// One caller at a time; the others wait without the interpreter's lock.
class Turn {
  public:
    explicit Turn(std::mutex& mutex) : lock_(mutex, std::try_to_lock) {
        if (lock_) return;
        nb::gil_scoped_release unlocked;
        lock_.lock();
    }

  private:
    std::unique_lock<std::mutex> lock_;
};

class Program {
  public:
    explicit Program(const std::vector<int64_t>& widths) : program_(checked(widths)) {
        const nb::module_ numpy = nb::module_::import_("numpy");
        empty_ = numpy.attr("empty");
        as_array_ = numpy.attr("ascontiguousarray");
        float32_ = numpy.attr("dtype")("float32");
        output_shape_ = nb::make_tuple(program_.output_width());
    }

    void embedding(int to, nb::handle table_argument) {
        const Array<float> table(table_argument, {"embedding", "table"}, {ANY, written(to)});
        if (!program_.reads_ids()) refuse("embedding expected a program that reads ids.");
        vocabulary_ = vocabulary_ ? std::min(vocabulary_, table.shape(0)) : table.shape(0);
        program_.add(stream_embedding(to, {table.data(), table.shape(0), table.shape(1)}));
    }

    void id_mask(int to) {
        if (!program_.reads_ids()) refuse("id_mask expected a program that reads ids.");
        check_mask(written(to));
        program_.add(stream_id_mask(to));
    }

    void masking(int from, int to, int mask, float value) {
        check_mask(written(mask));
        program_.add(stream_masking(from, to, mask, same(from, to), value));
    }

    void dense(int from, int to, nb::handle kernel, nb::handle bias,
               const std::string& activation) {
        constexpr const char* NAME = "dense";
        const int64_t columns = written(to);
        const Array<float> w(kernel, {NAME, "kernel"}, {read(from), columns});
        program_.add(stream_dense(from, to, {w.data(), w.shape(0), columns},
                                  optional({NAME, "bias"}, bias, {columns}),
                                  activation_by_name(activation, {NAME, "activation"})));
    }

    void activate(int from, int to, const std::string& activation) {
        const int64_t width = same(from, to);
        if (activation == "softmax" || activation == "log_softmax")
            program_.add(stream_softmax(from, to, width, activation == "log_softmax"));
        else if (activation == "gelu")
            program_.add(stream_gelu(from, to, width));
        else
            program_.add(stream_activation(
                from, to, width, activation_by_name(activation, {"activate", "activation"})));
    }

    void scale(int from, int to, nb::handle factors, nb::handle offsets) {
        const int64_t width = same(from, to);
        program_.add(stream_scale(from, to, width, optional({"scale", "factors"}, factors, {width}),
                                  optional({"scale", "offsets"}, offsets, {width})));
    }

    void normalize(int from, int to, nb::handle factors, nb::handle offsets, float epsilon) {
        constexpr const char* NAME = "normalize";
        const int64_t width = same(from, to);
        program_.add(stream_normalize(from, to, width,
                                      optional({NAME, "factors"}, factors, {width}),
                                      optional({NAME, "offsets"}, offsets, {width}), epsilon));
    }

    void combine(const std::string& how, const std::vector<int>& from, int to) {
        static constexpr const char* NAMES[] = {"add", "multiply", "maximum", "minimum",
                                                "concatenate"};
        const auto name = std::find(std::begin(NAMES), std::end(NAMES), how);
        if (name == std::end(NAMES) || from.empty())
            refuse("combine expected a way to combine some slots, got '" + how + "'.");
        const auto kind = static_cast<Combination>(name - std::begin(NAMES));
        std::vector<int64_t> widths;
        int64_t total = 0;
        for (const int slot : from) {
            widths.push_back(read(slot));
            total += widths.back();
            if (kind != Combination::concatenate) same(slot, to);
        }
        if (kind == Combination::concatenate && total != written(to))
            refuse("combine expected slots that fill the slot " + std::to_string(to) + ".");
        program_.add(stream_combine(kind, from, widths, to));
    }

    void running(const std::string& how, int from, int to, int mask, int64_t state_at) {
        if (how != "mean" && how != "maximum")
            refuse("running expected 'mean' or 'maximum', got '" + how + "'.");
        const int64_t width = same(from, to);
        check_states(mask, state_at, width + 1);
        program_.add(stream_running(how == "mean", from, to, mask, width, state_at));
    }

    void simple_rnn(int from, int to, int mask, int64_t state_at, bool zero_output_for_mask,
                    nb::handle kernel, nb::handle recurrent_kernel, nb::handle bias,
                    const std::string& activation) {
        constexpr const char* NAME = "simple_rnn";
        const Cell cell(*this, NAME, from, to, kernel, recurrent_kernel, 1);
        check_states(mask, state_at, cell.units);
        program_.add(stream_simple_rnn({from, to, mask, state_at, zero_output_for_mask},
                                       cell.kernel(), cell.recurrent_kernel(),
                                       optional({NAME, "bias"}, bias, {cell.units}),
                                       activation_by_name(activation, {NAME, "activation"})));
    }

    void lstm(int from, int to, int mask, int64_t state_at, bool zero_output_for_mask,
              nb::handle kernel, nb::handle recurrent_kernel, nb::handle bias,
              const std::string& activation, const std::string& recurrent_activation) {
        constexpr const char* NAME = "lstm";
        const Cell cell(*this, NAME, from, to, kernel, recurrent_kernel, 4);
        check_states(mask, state_at, 2 * cell.units);
        program_.add(
            stream_lstm({from, to, mask, state_at, zero_output_for_mask}, cell.kernel(),
                        cell.recurrent_kernel(), optional({NAME, "bias"}, bias, {4 * cell.units}),
                        activation_by_name(activation, {NAME, "activation"}),
                        activation_by_name(recurrent_activation, {NAME, "recurrent_activation"})));
    }

    void gru(int from, int to, int mask, int64_t state_at, bool zero_output_for_mask,
             nb::handle kernel, nb::handle recurrent_kernel, nb::handle bias,
             const std::string& activation, const std::string& recurrent_activation,
             bool reset_after) {
        constexpr const char* NAME = "gru";
        const Cell cell(*this, NAME, from, to, kernel, recurrent_kernel, 3);
        check_states(mask, state_at, cell.units);
        const float* biases = reset_after ? optional({NAME, "bias"}, bias, {2, 3 * cell.units})
                                          : optional({NAME, "bias"}, bias, {3 * cell.units});
        program_.add(stream_gru(
            {from, to, mask, state_at, zero_output_for_mask}, cell.kernel(),
            cell.recurrent_kernel(), biases, activation_by_name(activation, {NAME, "activation"}),
            activation_by_name(recurrent_activation, {NAME, "recurrent_activation"}), reset_after));
    }

    // Where the states of the sessions stand, and which session each row of them belongs to.
    void use(nb::handle states, nb::handle sessions) {
        const Turn turn(mutex_);
        Array<float> new_states(states, {"use", "states"}, {ANY, ANY}, true);
        Array<int64_t> new_sessions(sessions, {"use", "sessions"}, {new_states.shape(0)}, true);
        if (new_states.shape(1) < states_width_)
            refuse("use expected states of at least " + std::to_string(states_width_) +
                   " numbers for each session, got " + std::to_string(new_states.shape(1)) + ".");
        states_ = std::move(new_states);
        sessions_ = std::move(new_sessions);
        last_row_with_.assign(sessions_.size(), 0);
    }

    nb::object step(nb::handle x, int64_t session, nb::handle out) {
        const Turn turn(mutex_);
        const int64_t place = place_of(session);
        nb::object result = out.is_none()
                                ? nb::steal(PyObject_CallFunctionObjArgs(
                                      empty_.ptr(), output_shape_.ptr(), float32_.ptr(), nullptr))
                                : nb::borrow(out);
        if (!result.is_valid()) nb::raise_python_error();
        const FloatBuffer y(result, program_.output_width(), true);
        if (!y)
            wrong_argument({STEP, "out"}, "writable contiguous float32 array",
                           {program_.output_width()}, out);
        if (program_.reads_ids()) {
            const int32_t id = checked_id(x);
            run(1, nullptr, &id, &place, y.data());
            return result;
        }
        const FloatBuffer input(x, program_.input_width(), false);
        if (input) {
            run(1, input.data(), nullptr, &place, y.data());
            return result;
        }
        const Array<float> converted(as_array_(x, float32_), {STEP, "x"}, {program_.input_width()});
        run(1, converted.data(), nullptr, &place, y.data());
        return result;
    }

    nb::object step_many(nb::handle x, nb::handle sessions_argument, nb::handle out) {
        const Turn turn(mutex_);
        const Array<int64_t> sessions(sessions_argument, {STEP, "sessions"}, {ANY});
        const int64_t count = sessions.size();
        find_places(sessions);
        Array<int32_t> ids;
        Array<float> values;
        if (program_.reads_ids()) {
            ids = Array<int32_t>(x, {STEP, "x"}, {count});
            for (int64_t i = 0; i < count; i++)
                check_id(ids.data()[i]);
        } else {
            values = Array<float>(x, {STEP, "x"}, {count, program_.input_width()});
        }
        const int64_t width = program_.output_width();
        if (out.is_none()) {
            const NewArray result = new_array({count, width});
            nb::gil_scoped_release unlocked;
            run(count, values.data(), ids.data(), places_.data(), result.data);
            return result.object;
        }
        Array<float> result(out, {STEP, "out"}, {count, width}, true);
        nb::gil_scoped_release unlocked;
        run(count, values.data(), ids.data(), places_.data(), result.mutable_data());
        return result.owner();
    }

  private:
    StreamProgram program_;
    int64_t vocabulary_ = 0, states_width_ = 0;
    nb::object empty_, as_array_, float32_, output_shape_;
    std::vector<nb::object> owners_;
    Array<float> states_;
    Array<int64_t> sessions_;
    std::mutex mutex_;
    // For `step_many`: each row's place, and for each place the last row that named it.
    std::vector<int64_t> places_, last_row_with_;

    // The two matrices of a cell.
    struct Cell {
        Cell(const Program& program, const char* name, int from, int to, nb::handle kernel,
             nb::handle recurrent_kernel, int64_t gates)
            : units(program.written(to)),
              w(kernel, {name, "kernel"}, {program.read(from), gates * units}),
              r(recurrent_kernel, {name, "recurrent_kernel"}, {units, gates * units}) {}

        int64_t units;
        Array<float> w, r;

        Weights kernel() const { return {w.data(), w.shape(0), w.shape(1)}; }
        Weights recurrent_kernel() const { return {r.data(), r.shape(0), r.shape(1)}; }
    };

    static std::vector<int64_t> checked(const std::vector<int64_t>& widths) {
        constexpr int64_t MOST = 1 << 24;
        for (size_t slot = 0; slot < widths.size(); slot++)
            if (widths[slot] < (slot > 0) || widths[slot] > MOST)
                refuse("StreamProgram expected widths from 1 to " + std::to_string(MOST) +
                       ", got " + std::to_string(widths[slot]) + ".");
        if (widths.size() < 2) refuse("StreamProgram expected at least two slots.");
        return widths;
    }

    int64_t width(int slot, int least) const {
        if (slot < least || slot >= static_cast<int>(program_.widths().size()))
            refuse("StreamProgram has no slot " + std::to_string(slot) + " for this.");
        return program_.widths()[slot];
    }
    int64_t read(int slot) const { return width(slot, program_.reads_ids()); }
    int64_t written(int slot) const { return width(slot, 1); }
    int64_t same(int from, int to) const {
        if (read(from) != written(to))
            refuse("StreamProgram expected slots of one width, got " + std::to_string(read(from)) +
                   " and " + std::to_string(written(to)) + ".");
        return read(from);
    }
    static void check_mask(int64_t width) {
        if (width != 1) refuse("StreamProgram expected a mask of one number.");
    }
    void check_states(int mask, int64_t state_at, int64_t width) {
        if (mask != NO_SLOT) check_mask(read(mask));
        if (state_at < 0) refuse("StreamProgram expected state_at of at least 0.");
        states_width_ = std::max(states_width_, state_at + width);
    }

    const float* optional(Place place, nb::handle value, std::initializer_list<int64_t> shape) {
        owners_.clear();
        return optional_data<float>(value, place, shape, owners_);
    }

    void check_id(int64_t id) const {
        if (id < 0 || (vocabulary_ && id >= vocabulary_))
            throw nb::index_error(("step expected ids of at least 0 and below " +
                                   std::to_string(vocabulary_) + ", got " + std::to_string(id) +
                                   ".")
                                      .c_str());
    }

    int32_t checked_id(nb::handle x) const {
        const nb::object index = nb::steal(PyNumber_Index(x.ptr()));
        if (!index.is_valid()) {
            PyErr_Clear();
            wrong_argument({STEP, "x"}, "token id, or an integer array", {}, x);
        }
        int overflow = 0;
        const long long id = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
        check_id(overflow ? -1 : id);
        return static_cast<int32_t>(id);
    }

    // A session's number is its place in the lower half, and how often that place was given away
    // before in the upper half.
    int64_t place_of(int64_t session) const {
        const int64_t place = session & 0xffffffff;
        if (session < 0 || place >= sessions_.size() || sessions_.data()[place] != session)
            refuse("step expected sessions that exist, got " + std::to_string(session) + ".");
        return place;
    }

    void find_places(const Array<int64_t>& sessions) {
        places_.resize(sessions.size());
        for (int64_t i = 0; i < sessions.size(); i++) {
            const int64_t place = places_[i] = place_of(sessions.data()[i]);
            const int64_t other = last_row_with_[place];
            if (other < i && places_[other] == place)
                refuse("step expected each session once, got " +
                       std::to_string(sessions.data()[i]) + " twice.");
            last_row_with_[place] = i;
        }
    }

    void run(int64_t count, const float* x, const int32_t* ids, const int64_t* places, float* out) {
        program_.step(count, x, ids, places, states_.mutable_data(), states_.shape(1), out);
    }
};

}  // namespace

void bind_stream(nb::module_& m) {
    constexpr auto array = array_argument;
    using nb::arg;
    nb::class_<Program>(m, "StreamProgram")
        .def(nb::init<const std::vector<int64_t>&>(), arg("widths"))
        .def("embedding", &Program::embedding, arg("to"), array("table"))
        .def("id_mask", &Program::id_mask, arg("to"))
        .def("masking", &Program::masking, arg("from"), arg("to"), arg("mask"), arg("value"))
        .def("dense", &Program::dense, arg("from"), arg("to"), array("kernel"), array("bias"),
             arg("activation"))
        .def("activate", &Program::activate, arg("from"), arg("to"), arg("activation"))
        .def("scale", &Program::scale, arg("from"), arg("to"), array("factors"), array("offsets"))
        .def("normalize", &Program::normalize, arg("from"), arg("to"), array("factors"),
             array("offsets"), arg("epsilon"))
        .def("combine", &Program::combine, arg("how"), arg("from"), arg("to"))
        .def("running", &Program::running, arg("how"), arg("from"), arg("to"), arg("mask"),
             arg("state_at"))
        .def("simple_rnn", &Program::simple_rnn, arg("from"), arg("to"), arg("mask"),
             arg("state_at"), arg("zero_output_for_mask"), array("kernel"),
             array("recurrent_kernel"), array("bias"), arg("activation"))
        .def("lstm", &Program::lstm, arg("from"), arg("to"), arg("mask"), arg("state_at"),
             arg("zero_output_for_mask"), array("kernel"), array("recurrent_kernel"), array("bias"),
             arg("activation"), arg("recurrent_activation"))
        .def("gru", &Program::gru, arg("from"), arg("to"), arg("mask"), arg("state_at"),
             arg("zero_output_for_mask"), array("kernel"), array("recurrent_kernel"), array("bias"),
             arg("activation"), arg("recurrent_activation"), arg("reset_after"))
        .def("use", &Program::use, array("states"), array("sessions"))
        .def("step", &Program::step, array("x"), arg("session"), array("out"))
        .def("step_many", &Program::step_many, array("x"), array("sessions"), array("out"));
}

}  // namespace leftfold
