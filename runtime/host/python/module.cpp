// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// licc.runtime._host. Python checks what users give (licc/runtime/codec.py); here it becomes what the library
// takes.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "entropy/rans.hpp"
#include "entropy/tables.hpp"
#include "licc/codec.hpp"

namespace nb = nanobind;

namespace licc::python {
namespace {

using Values = nb::ndarray<const std::int16_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Planes = nb::ndarray<const std::int16_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Indexes = nb::ndarray<const std::uint16_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Pair = std::tuple<int, int>;

Pair pair_of(Size size) { return {size.height, size.width}; }

Size size_of(Pair pair) { return {std::get<0>(pair), std::get<1>(pair)}; }

/// An array that owns `values`.
template <typename T, typename... Extents>
nb::ndarray<nb::numpy, T> array_of(std::vector<T> values, Extents... extents) {
  auto held = std::make_unique<std::vector<T>>(std::move(values));
  T* data = held->data();
  nb::capsule owner(held.release(), [](void* kept) noexcept { delete static_cast<std::vector<T>*>(kept); });
  return nb::ndarray<nb::numpy, T>(data, {static_cast<std::size_t>(extents)...}, owner);
}

nb::ndarray<nb::numpy, std::int16_t> array_of(const Tensor& tensor) {
  return array_of(tensor.data, tensor.height, tensor.width, tensor.channels);
}

Tensor tensor_of(const Values& values) {
  Tensor tensor(static_cast<int>(values.shape(0)), static_cast<int>(values.shape(1)),
                static_cast<int>(values.shape(2)));
  tensor.data.assign(values.data(), values.data() + values.size());
  return tensor;
}

const std::uint8_t* data_of(const nb::bytes& bytes) { return static_cast<const std::uint8_t*>(bytes.data()); }

/// Errors become those of licc.errors, which every tool of licc prints as one line.
void translate_errors() {
  static nb::object& errors = *new nb::object(nb::module_::import_("licc.errors"));
  nb::register_exception_translator(
      [](const std::exception_ptr& pointer, void*) {
        try {
          std::rethrow_exception(pointer);
        } catch (const StreamError& error) {
          PyErr_SetString(nb::object(errors.attr("StreamError")).ptr(), error.what());
        } catch (const Error& error) {
          PyErr_SetString(nb::object(errors.attr("UserError")).ptr(), error.what());
        }
      },
      nullptr);
}

void bind_codec(nb::module_& module) {
  nb::class_<Coded>(module, "Coded")
      .def(
          "__init__",
          [](Coded* self, Pair image, Pair padded, const Values& y, const std::optional<Values>& y_indexes,
             const std::optional<Values>& z) {
            new (self) Coded{size_of(image), size_of(padded), tensor_of(y),
                             y_indexes ? tensor_of(*y_indexes) : Tensor{}, z ? tensor_of(*z) : Tensor{}};
          },
          nb::arg("image"), nb::arg("padded"), nb::arg("y"), nb::arg("y_indexes").none() = nb::none(),
          nb::arg("z").none() = nb::none())
      .def_prop_ro("image", [](const Coded& self) { return pair_of(self.image); })
      .def_prop_ro("padded", [](const Coded& self) { return pair_of(self.padded); })
      .def_prop_ro(
          "y", [](const Coded& self) { return array_of(self.y); }, nb::rv_policy::move)
      .def_prop_ro(
          "y_indexes", [](const Coded& self) { return array_of(self.y_indexes); }, nb::rv_policy::move)
      .def_prop_ro(
          "z", [](const Coded& self) { return array_of(self.z); }, nb::rv_policy::move);
  nb::class_<Latent>(module, "Latent")
      .def(
          "__init__",
          [](Latent* self, Pair image, Pair padded, const Values& y_hat) {
            new (self) Latent{size_of(image), size_of(padded), tensor_of(y_hat)};
          },
          nb::arg("image"), nb::arg("padded"), nb::arg("y_hat"))
      .def_prop_ro("image", [](const Latent& self) { return pair_of(self.image); })
      .def_prop_ro("padded", [](const Latent& self) { return pair_of(self.padded); })
      .def_prop_ro(
          "y_hat", [](const Latent& self) { return array_of(self.y_hat); }, nb::rv_policy::move);
  nb::class_<Codec>(module, "Codec")
      .def(
          "__init__",
          [](Codec* self, const std::string& build, const std::string& backend, int threads,
             const std::string& device, const std::string& xclbin, int frames_in_flight,
             std::uint64_t max_pixels) {
            Options options;
            options.backend = backend;
            options.threads = threads;
            options.device = device;
            options.xclbin = xclbin;
            options.frames_in_flight = frames_in_flight;
            options.max_pixels = max_pixels;
            nb::gil_scoped_release unlocked;
            new (self) Codec(build, options);
          },
          nb::arg("build"), nb::arg("backend") = "emulation", nb::arg("threads") = 0, nb::arg("device") = "0",
          nb::arg("xclbin") = "", nb::arg("frames_in_flight") = 3,
          nb::arg("max_pixels") = Options{}.max_pixels)
      .def("encode",
           [](const Codec& self, const Pixels& pixels) {
             std::vector<std::uint8_t> stream;
             {
               nb::gil_scoped_release unlocked;
               stream = self.encode(image_of(pixels));
             }
             return bytes_of(stream);
           })
      .def("decode",
           [](const Codec& self, const nb::bytes& stream) {
             Image image;
             {
               nb::gil_scoped_release unlocked;
               image = self.decode(data_of(stream), stream.size());
             }
             return picture_of(std::move(image));
           })
      .def("analyse",
           [](const Codec& self, const Pixels& pixels) {
             nb::gil_scoped_release unlocked;
             return self.analyse(image_of(pixels));
           })
      .def("write",
           [](const Codec& self, const Coded& coded) {
             std::vector<std::uint8_t> stream;
             {
               nb::gil_scoped_release unlocked;
               stream = self.write(coded);
             }
             return bytes_of(stream);
           })
      .def("read",
           [](const Codec& self, const nb::bytes& stream) {
             nb::gil_scoped_release unlocked;
             return self.read(data_of(stream), stream.size());
           })
      .def("synthesise",
           [](const Codec& self, const Latent& latent) {
             Image image;
             {
               nb::gil_scoped_release unlocked;
               image = self.synthesise(latent);
             }
             return picture_of(std::move(image));
           })
      .def_prop_ro("model", [](const Codec& self) { return self.facts().model; })
      .def_prop_ro("strings", [](const Codec& self) { return self.facts().strings; })
      .def_prop_ro("stride", [](const Codec& self) { return pair_of(self.facts().stride); })
      .def_prop_ro("accelerator", [](const Codec& self) { return pair_of(self.facts().accelerator); })
      .def_prop_ro("backend", [](const Codec& self) { return self.backend(); });
}

Rows rows_of(const std::optional<Indexes>& indexes, std::size_t planes, std::size_t plane,
             const CdfTable& table) {
  if (!indexes) {
    if (planes > table.rows()) throw Error("more planes than the table has rows");
    return Rows::by_plane();
  }
  if (indexes->shape(0) != planes || indexes->shape(1) != plane)
    throw Error("indexes of another shape than the symbols");
  for (std::size_t i = 0; i < indexes->size(); ++i) {
    if (indexes->data()[i] >= table.rows()) throw Error("an index beyond the rows of the table");
  }
  return Rows::by_symbol(indexes->data());
}

void bind_table(nb::module_& module) {
  nb::class_<CdfTable>(module, "Table")
      .def(nb::init<const std::string&, const std::vector<std::int32_t>&, const std::vector<std::int32_t>&,
                    const std::vector<std::int32_t>&>(),
           nb::arg("name"), nb::arg("lengths"), nb::arg("offsets"), nb::arg("cdfs"))
      .def(
          "write",
          [](const CdfTable& self, const Planes& symbols, const std::optional<Indexes>& indexes) {
            const Rows rows = rows_of(indexes, symbols.shape(0), symbols.shape(1), self);
            std::vector<std::uint8_t> string;
            write_string(symbols.data(), symbols.shape(0), symbols.shape(1), self, rows, string);
            return bytes_of(string);
          },
          nb::arg("symbols"), nb::arg("indexes").none() = nb::none())
      .def(
          "read",
          [](const CdfTable& self, const nb::bytes& string, std::size_t planes, std::size_t plane,
             const std::optional<Indexes>& indexes) {
            if (std::max(planes, plane) >= std::size_t{1} << 31)
              throw Error("more symbols than any image has");
            const Rows rows = rows_of(indexes, planes, plane, self);
            std::vector<std::int32_t> symbols(planes * plane);
            read_string({data_of(string), string.size()}, planes, plane, self, rows, symbols.data());
            return array_of(std::move(symbols), planes, plane);
          },
          nb::arg("string"), nb::arg("planes"), nb::arg("plane"), nb::arg("indexes").none() = nb::none());
}

}  // namespace
}  // namespace licc::python

NB_MODULE(_host, module) {
  licc::python::translate_errors();
  licc::python::bind_codec(module);
  licc::python::bind_table(module);
  licc::bind_stream(module);
  licc::bind_media(module);
}
