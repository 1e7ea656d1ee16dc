// rollout/cel/val.h: what an expression evaluates to: CEL's values. A failure is a value too (Kind::Error), since `&&`, `||` and the macros
// absorb it. Lists, maps and strings that come from a document are views into it; what an expression makes is shared and immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "document/value.h"

namespace sluice::rollout::cel {

enum class Kind : std::uint8_t { Error, Null, Bool, Int, Uint, Double, String, Bytes, Timestamp, Duration, List, Map, Type, Optional };

/// CEL's name of a runtime type, as `type(x)` and messages show it: "int", "google.protobuf.Timestamp", "null_type".
std::string_view TypeName(Kind kind);

/// Seconds and nanoseconds since 1970 UTC, and the offset east of UTC that it was written with (it shows in `string(t)` alone).
struct Instant {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  std::int32_t offset = 0;
};

class Val;
using List = std::vector<Val>;
using Entries = std::vector<std::pair<Val, Val>>;

class Val {
 public:
  Val() = default;  ///< null
  static Val Error(std::string message);
  static Val Null() { return {}; }
  static Val Bool(bool value);
  static Val Int(std::int64_t value);
  static Val Uint(std::uint64_t value);
  static Val Double(double value);
  static Val String(std::string value);
  static Val Bytes(std::string value);
  static Val Timestamp(Instant value);
  static Val Duration(std::int64_t nanos);
  static Val Type(std::string name);
  static Val Of(List list);
  static Val Of(Entries entries);
  static Val None();           ///< optional.none()
  static Val Some(Val value);  ///< optional.of(value)
  /// A view: `value` outlives it and what is taken from it. Integers that fit are ints, all other numbers doubles, as Kubernetes reads
  /// JSON.
  static Val View(const document::Value& value);

  Kind kind() const { return kind_; }
  bool IsError() const { return kind_ == Kind::Error; }
  bool Is(Kind kind) const { return kind_ == kind; }
  bool IsTrue() const { return kind_ == Kind::Bool && number_.flag; }
  bool IsFalse() const { return kind_ == Kind::Bool && !number_.flag; }
  bool IsNumber() const { return kind_ == Kind::Int || kind_ == Kind::Uint || kind_ == Kind::Double; }

  // Each requires its kind.
  bool AsBool() const { return number_.flag; }
  std::int64_t AsInt() const { return number_.integer; }  ///< of a Duration: its nanoseconds
  std::uint64_t AsUint() const { return number_.natural; }
  double AsDouble() const { return number_.real; }
  const Instant& AsTimestamp() const { return number_.instant; }
  std::string_view text() const { return text_; }      ///< of String, Bytes, Type (its name) and Error (the message)
  bool has_value() const { return held_ != nullptr; }  ///< Optional
  const Val& value() const;                            ///< Optional with a value

  std::size_t size() const;                              ///< of a List or Map
  Val At(std::size_t index) const;                       ///< of a List, within its size
  std::pair<Val, Val> EntryAt(std::size_t index) const;  ///< of a Map, in the order it was written
  /// Of a Map: the value under `key`; numbers of different types that are equal are one key.
  bool Find(const Val& key, Val* found) const;

  /// Adds the items of `list` to this List, in place if nobody else holds it.
  void Append(const Val& list);

 private:
  union Number {
    bool flag;
    std::int64_t integer;
    std::uint64_t natural;
    double real;
    Instant instant;
    Number() : instant{} {}
  };
  Val(Kind kind, std::string text);
  explicit Val(Kind kind) : kind_(kind) {}

  Kind kind_ = Kind::Null;
  Number number_;
  std::string_view text_;
  const document::Value* node_ = nullptr;  // a List or Map that is a view
  std::shared_ptr<const void> held_;       // the std::string behind text_, a List, Entries, or an Optional's Val
};

/// CEL's `==`: false for values of different types, numbers compared across theirs, NaN equal to nothing.
bool Equal(const Val& left, const Val& right);
enum class Order { Less, Same, Greater, NotComparable, NotANumber };
/// CEL's order of numbers (across their types), bools, strings, bytes, timestamps and durations.
Order Compare(const Val& left, const Val& right);

/// As Go prints it with %v in cel-go's messages: strings bare, numbers as text.
std::string Printed(const Val& value);

}  // namespace sluice::rollout::cel
