// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// JSON of which every field is checked as it is read; errors name file and field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bytes.hpp"

namespace licc {

/// A value in a file; it keeps the whole file.
class Field {
 public:
  /// @param file what to call it in errors. @throws Error it is no JSON
  static Field parse(const std::string& file, Bytes text);

  /// A member of an object. @throws Error there is none
  Field operator[](const char* name) const;
  bool has(const char* name) const;
  /// An element of a list. @throws Error there is none
  Field at(std::size_t number) const;
  /// How many elements a list has. @throws Error it is no list
  std::size_t size() const;
  /// The names of an object's members, in alphabetical order. @throws Error it is no object
  std::vector<std::string> names() const;
  bool is_null() const;

  /// @throws Error it is something else, or not within lo..hi
  std::int64_t integer(std::int64_t lo, std::int64_t hi) const;
  int small(int lo, int hi) const { return static_cast<int>(integer(lo, hi)); }
  bool boolean() const;
  std::string text() const;
  /// A list of integers within lo..hi.
  std::vector<std::int64_t> integers(std::int64_t lo, std::int64_t hi) const;

  /// @throws Error always: file, field, `what` is wrong, and what to do
  [[noreturn]] void fail(const std::string& what) const;

 private:
  struct Document;
  Field(std::shared_ptr<const Document> document, const void* value, std::string path)
      : document_(std::move(document)), value_(value), path_(std::move(path)) {}

  std::shared_ptr<const Document> document_;
  const void* value_;  ///< of the JSON library's type, which only checked_json.cpp knows
  std::string path_;
};

}  // namespace licc
