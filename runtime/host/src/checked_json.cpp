// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "checked_json.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "licc/codec.hpp"

namespace licc {
namespace {

using Json = nlohmann::json;

const Json& json_of(const void* value) { return *static_cast<const Json*>(value); }

std::string joined(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

}  // namespace

struct Field::Document {
  std::string file;
  Json root;
};

Field Field::parse(const std::string& file, Bytes text) {
  auto document = std::make_shared<Document>();
  document->file = file;
  document->root = Json::parse(text.data, text.data + text.size, nullptr, false);
  if (document->root.is_discarded()) throw Error(file + ": no JSON; build it again with licc");
  const void* root = &document->root;
  return Field(std::move(document), root, "");
}

void Field::fail(const std::string& what) const {
  throw Error(document_->file + ": " + (path_.empty() ? "" : path_ + ": ") + what +
              "; build it again with licc");
}

bool Field::has(const char* name) const {
  const Json& json = json_of(value_);
  return json.is_object() && json.find(name) != json.end();
}

Field Field::operator[](const char* name) const {
  if (!has(name)) fail(std::string("no '") + name + "'");
  return Field(document_, &*json_of(value_).find(name), joined(path_, name));
}

std::size_t Field::size() const {
  if (!json_of(value_).is_array()) fail("expected a list");
  return json_of(value_).size();
}

Field Field::at(std::size_t number) const {
  if (number >= size()) fail("expected " + std::to_string(number + 1) + " elements or more");
  return Field(document_, &json_of(value_)[number], path_ + "[" + std::to_string(number) + "]");
}

std::vector<std::string> Field::names() const {
  if (!json_of(value_).is_object()) fail("expected an object");
  std::vector<std::string> found;
  for (const auto& member : json_of(value_).items()) found.push_back(member.key());
  return found;
}

bool Field::is_null() const { return json_of(value_).is_null(); }

std::int64_t Field::integer(std::int64_t lo, std::int64_t hi) const {
  const Json& json = json_of(value_);
  // Values beyond 2^63 are kept unsigned.
  const bool fits =
      json.is_number_integer() &&
      (!json.is_number_unsigned() ||
       json.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  const std::int64_t value = fits ? json.get<std::int64_t>() : 0;
  if (!fits || value < lo || value > hi) {
    fail("expected an integer from " + std::to_string(lo) + " to " + std::to_string(hi));
  }
  return value;
}

bool Field::boolean() const {
  if (!json_of(value_).is_boolean()) fail("expected true or false");
  return json_of(value_).get<bool>();
}

std::string Field::text() const {
  if (!json_of(value_).is_string()) fail("expected a text");
  return json_of(value_).get<std::string>();
}

std::vector<std::int64_t> Field::integers(std::int64_t lo, std::int64_t hi) const {
  std::vector<std::int64_t> values;
  const std::size_t count = size();
  values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) values.push_back(at(i).integer(lo, hi));
  return values;
}

}  // namespace licc
