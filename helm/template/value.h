// helm/template/value.h: a value as a Go template sees it. Go's dynamic types are observable in charts (`eq 1 1.0` fails, `until` wants an
// int and not an int64, 1000000.0 prints as 1e+06), so they are kept: see helm-contract section 5.0.
// Maps, lists and objects are references, as in Go: copying a Value aliases them, and `set` is seen through every alias. A render is
// single-threaded; Values are not shared between threads. A Value is 16 bytes, a copy of it at most one increment.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "helm/template/ref.h"

namespace sluice::helm {

class Value;
class Object;
struct Signature;

/// The dynamic type of a Value; those from Complex on are kept on the heap. `NoValue` is reflect's invalid value (what a stage that gave a nil interface becomes, printed "<no value>");
/// `Nil` is an interface that holds nil (an element or argument that is nil, printed "<nil>").
enum class Type : std::uint8_t {
  NoValue,
  Nil,
  Bool,
  Int,
  Int32,
  Int64,
  Uint8,
  Uint32,
  Uint64,
  Float64,
  Complex,
  String,
  Bytes,
  List,
  Map,
  Object
};

/// The static element type of a slice: []interface{}, []string, []int, [][]interface{} (`chunk`), and the structs of a chart; []uint8 is Type::Bytes.
enum class ListType : std::uint8_t { Any, String, Int, AnyList, Maintainer, Dependency };

/// map[string]interface{}; the named type of .Values and .Template (chartutil.Values, in helm 4 common.Values); map[string]string.
enum class MapType : std::uint8_t { Any, Values, String };

struct List;
struct Map;

class Value {
 public:
  Value() = default;  ///< NoValue
  static Value Nil();
  static Value Bool(bool value);
  static Value Int(std::int64_t value);  ///< Go's int
  static Value Int32(std::int32_t value);
  static Value Int64(std::int64_t value);
  static Value Uint8(std::uint8_t value);
  static Value Uint32(std::uint32_t value);
  static Value Uint64(std::uint64_t value);
  static Value Float64(double value);
  static Value Complex(double real, double imaginary);
  static Value String(std::string value);  ///< any bytes
  static Value Bytes(std::string value);   ///< []byte
  static Value NewList(std::vector<Value> items = {}, ListType type = ListType::Any);
  static Value Strings(std::vector<std::string> items);  ///< []string
  static Value NilList(ListType type = ListType::Any);
  static Value NewMap(MapType type = MapType::Any);
  static Value Of(Ref<List> list);
  static Value Of(Ref<Map> map);
  static Value Values(Ref<Map> map);    ///< the same map, seen as the named type of .Values (a type is the interface's, not the map's)
  static Value Of(Ref<Object> object);  ///< `Value::Of(MakeRef<Certificate>(...))`

  Value(const Value& other)
      : type_(other.type_), map_type_(other.map_type_), from_interface_(other.from_interface_), payload_(other.payload_) {
    if (Owns()) payload_.counted->Retain();
  }
  Value(Value&& other) noexcept
      : type_(std::exchange(other.type_, Type::NoValue)),
        map_type_(other.map_type_),
        from_interface_(other.from_interface_),
        payload_(other.payload_) {}
  Value& operator=(Value other) noexcept {
    std::swap(type_, other.type_);
    std::swap(map_type_, other.map_type_);
    std::swap(from_interface_, other.from_interface_);
    std::swap(payload_, other.payload_);
    return *this;
  }
  ~Value() {
    if (Owns() && payload_.counted->Release()) Free();
  }

  Type type() const { return type_; }
  bool IsNoValue() const { return type_ == Type::NoValue; }
  bool IsNil() const { return type_ == Type::NoValue || type_ == Type::Nil; }  ///< either kind of nothing
  bool IsString() const { return type_ == Type::String; }
  bool IsMap() const { return type_ == Type::Map; }
  bool IsList() const { return type_ == Type::List; }
  bool IsObject() const { return type_ == Type::Object; }
  bool IsSigned() const { return type_ == Type::Int || type_ == Type::Int32 || type_ == Type::Int64; }
  bool IsUnsigned() const { return type_ == Type::Uint8 || type_ == Type::Uint32 || type_ == Type::Uint64; }
  bool IsInteger() const { return IsSigned() || IsUnsigned(); }
  /// The static type of a Map value: the same map is chartutil.Values as `.Values` and a plain map as `.Values.AsMap` or a Dict argument.
  MapType map_type() const { return map_type_; }
  Value AsPlainMap() const;  ///< this Map value, typed map[string]interface{}
  /// Whether the evaluator took it out of a map or list of interface{}: its static type in error messages, and no part of its value.
  bool from_interface() const { return from_interface_; }
  void set_from_interface(bool value) { from_interface_ = value; }

  // Each requires the type that its name says.
  bool AsBool() const { return payload_.integer != 0; }
  std::int64_t AsSigned() const { return payload_.integer; }
  std::uint64_t AsUnsigned() const { return static_cast<std::uint64_t>(payload_.integer); }
  double AsFloat() const { return payload_.real; }  ///< Float64 alone
  double Real() const;                              ///< the parts of a Complex
  double Imaginary() const;
  const std::string& AsString() const;  ///< String and Bytes
  List* list() const;                   ///< lives as long as some Value or Ref has it
  Map* map() const;
  Object* object() const;

 private:
  struct Text;
  struct ComplexNumber;
  union Payload {
    std::int64_t integer;
    double real;
    const Counted* counted;
  };
  Value(Type type, std::int64_t integer) : type_(type), payload_{.integer = integer} {}
  Value(Type type, const Counted* counted) : type_(type), payload_{.counted = counted} { counted->Retain(); }
  bool Owns() const { return type_ >= Type::Complex; }
  void Free();

  Type type_ = Type::NoValue;
  MapType map_type_ = MapType::Any;
  bool from_interface_ = false;
  Payload payload_{.integer = 0};
};

struct List : Counted {
  ListType type = ListType::Any;
  std::vector<Value> items;
  bool is_nil = false;  ///< a nil slice: prints as [], is `null` in JSON
};

struct Map : Counted {
  MapType type = MapType::Any;                        ///< what Value::Of gives to a Value's map_type()
  std::map<std::string, Value, std::less<>> entries;  ///< byte order, which is the order of `range`, printing and JSON
  bool is_nil = false;                                ///< a nil map
};

/// Nested values of any depth end without recursion.
void Destroy(List* list);
void Destroy(Map* map);

/// A Go struct, pointer or named type with methods: .Files, .Capabilities, .Chart in helm 3, a semver, a certificate, time.Time, time.Duration.
class Object : public Counted {
 public:
  virtual ~Object() = default;
  virtual std::string TypeName() const = 0;                  ///< as %T prints it: "*semver.Version", "time.Time"
  virtual std::string KindName() const { return "struct"; }  ///< reflect.Kind: "struct", "ptr", "map", "int64"
  /// The field `name`, nullopt if there is none. A map-kinded object (Files) answers its entries.
  virtual std::optional<Value> Field(std::string_view) const { return std::nullopt; }
  /// The parameters of method `name` (function.h), which hides a field; nullptr: no such method. Lives as long as the object.
  virtual const Signature* Method(std::string_view) const { return nullptr; }
  /// Calls it with arguments as the signature promises; an error is the reason alone.
  virtual base::Result<Value> Call(std::string_view name, std::span<const Value> arguments);
  /// What String() or Error() returns; nullopt if it has neither and %v prints its fields.
  virtual std::optional<std::string> Text() const { return std::nullopt; }
  /// The same where an action prints the value itself, which also finds a method of the value's address.
  virtual std::optional<std::string> ActionText() const { return Text(); }
  /// Its exported fields in order, for JSON: the JSON name first (empty: left out of JSON), then the value.
  virtual std::vector<std::pair<std::string, Value>> Fields() const { return {}; }
  /// The same for %v, which prints all: the names are Go's, an embedded struct is one field.
  virtual std::vector<std::pair<std::string, Value>> PrintedFields() const { return Fields(); }
  /// What encoding/json marshals it to; NoValue: an object of Fields().
  virtual Value ToJson() const { return {}; }
  virtual bool Truth() const { return true; }  ///< of an int64-kinded Duration: not zero; of a map: not empty
  virtual std::optional<std::int64_t> AsInt() const { return std::nullopt; }  ///< of an int64-kinded type (time.Duration)
  /// Go's ==, for `eq`, deepEqual, has, uniq.
  virtual bool Equals(const Object& other) const { return this == &other; }
};

/// Go's %T: "float64", "[]interface {}", "map[string]interface {}", "<nil>". `values_name` names MapType::Values, which is
/// "chartutil.Values" in helm 3 and "common.Values" in helm 4.
std::string TypeName(const Value& value, std::string_view values_name = "chartutil.Values");
/// reflect.Kind's name: "map", "slice", "string", "float64", "invalid".
std::string KindName(const Value& value);
/// text/template's truth: false for nothing, false, zero and the empty; true for structs.
bool IsTrue(const Value& value);
/// reflect.DeepEqual of two interfaces: types must be the same.
bool DeepEqual(const Value& left, const Value& right);

}  // namespace sluice::helm
