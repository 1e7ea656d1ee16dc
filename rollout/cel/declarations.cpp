#include "rollout/cel/declarations.h"

#include <array>

namespace sluice::rollout::cel {
namespace {

struct Row {
  std::string_view name, args, result;  ///< args separated by commas; a leading '.' marks a member: the first is the receiver
  Shape shape;
};

constexpr Shape kU = Shape::Unary, kB = Shape::Binary, kA = Shape::Any;

constexpr std::string_view kOrdered[] = {"bool, bool",     "int, int",     "int, double",          "int, uint",         "uint, uint",
                                         "uint, double",   "uint, int",    "double, double",       "double, int",       "double, uint",
                                         "string, string", "bytes, bytes", "timestamp, timestamp", "duration, duration"};

constexpr Row kRows[] = {
    {"_?_:_", "bool, A, A", "A", kA},
    {"_&&_", "bool, bool", "bool", kA},
    {"_||_", "bool, bool", "bool", kA},
    {"!_", "bool", "bool", kU},
    {"@not_strictly_false", "bool", "bool", kU},
    {"_==_", "A, A", "bool", kB},
    {"_!=_", "A, A", "bool", kB},
    {"_+_", "bytes, bytes", "bytes", kB},
    {"_+_", "double, double", "double", kB},
    {"_+_", "duration, duration", "duration", kB},
    {"_+_", "duration, timestamp", "timestamp", kB},
    {"_+_", "timestamp, duration", "timestamp", kB},
    {"_+_", "int, int", "int", kB},
    {"_+_", "list(A), list(A)", "list(A)", kB},
    {"_+_", "string, string", "string", kB},
    {"_+_", "uint, uint", "uint", kB},
    {"_-_", "double, double", "double", kB},
    {"_-_", "duration, duration", "duration", kB},
    {"_-_", "int, int", "int", kB},
    {"_-_", "timestamp, duration", "timestamp", kB},
    {"_-_", "timestamp, timestamp", "duration", kB},
    {"_-_", "uint, uint", "uint", kB},
    {"_*_", "double, double", "double", kB},
    {"_*_", "int, int", "int", kB},
    {"_*_", "uint, uint", "uint", kB},
    {"_/_", "double, double", "double", kB},
    {"_/_", "int, int", "int", kB},
    {"_/_", "uint, uint", "uint", kB},
    {"_%_", "int, int", "int", kB},
    {"_%_", "uint, uint", "uint", kB},
    {"-_", "double", "double", kU},
    {"-_", "int", "int", kU},
    {"_[_]", "list(A), int", "A", kB},
    {"_[_]", "map(A, B), A", "B", kB},
    {"_[_]", "optional_type(list(V)), int", "optional_type(V)", kB},
    {"_[_]", "optional_type(map(K, V)), K", "optional_type(V)", kB},
    {"_[?_]", "list(V), int", "optional_type(V)", kB},
    {"_[?_]", "optional_type(list(V)), int", "optional_type(V)", kB},
    {"_[?_]", "map(K, V), K", "optional_type(V)", kB},
    {"_[?_]", "optional_type(map(K, V)), K", "optional_type(V)", kB},
    {"_?._", "dyn, string", "optional_type(V)", kB},
    {"@in", "A, list(A)", "bool", kB},
    {"@in", "A, map(A, B)", "bool", kB},
    {"size", "bytes", "int", kU},
    {"size", ".bytes", "int", kU},
    {"size", "list(A)", "int", kU},
    {"size", ".list(A)", "int", kU},
    {"size", "map(A, B)", "int", kU},
    {"size", ".map(A, B)", "int", kU},
    {"size", "string", "int", kU},
    {"size", ".string", "int", kU},
    {"type", "A", "type(A)", kU},
    {"dyn", "A", "dyn", kU},
    {"bool", "bool", "bool", kA},
    {"bool", "string", "bool", kA},
    {"bytes", "bytes", "bytes", kA},
    {"bytes", "string", "bytes", kA},
    {"double", "double", "double", kA},
    {"double", "int", "double", kA},
    {"double", "string", "double", kA},
    {"double", "uint", "double", kA},
    {"duration", "duration", "duration", kA},
    {"duration", "int", "duration", kA},  // declared, and fails whenever it is called
    {"duration", "string", "duration", kA},
    {"int", "int", "int", kA},
    {"int", "double", "int", kA},
    {"int", "duration", "int", kA},
    {"int", "string", "int", kA},
    {"int", "timestamp", "int", kA},
    {"int", "uint", "int", kA},
    {"string", "string", "string", kA},
    {"string", "bool", "string", kA},
    {"string", "bytes", "string", kA},
    {"string", "double", "string", kA},
    {"string", "duration", "string", kA},
    {"string", "int", "string", kA},
    {"string", "timestamp", "string", kA},
    {"string", "uint", "string", kA},
    {"timestamp", "timestamp", "timestamp", kA},
    {"timestamp", "int", "timestamp", kA},
    {"timestamp", "string", "timestamp", kA},
    {"uint", "uint", "uint", kA},
    {"uint", "double", "uint", kA},
    {"uint", "int", "uint", kA},
    {"uint", "string", "uint", kA},
    {"contains", ".string, string", "bool", kB},
    {"endsWith", ".string, string", "bool", kB},
    {"startsWith", ".string, string", "bool", kB},
    {"matches", "string, string", "bool", kB},
    {"matches", ".string, string", "bool", kB},
    {"getHours", ".duration", "int", kA},
    {"getMinutes", ".duration", "int", kA},
    {"getSeconds", ".duration", "int", kA},
    {"getMilliseconds", ".duration", "int", kA},
    // Optional types.
    {"optional.of", "V", "optional_type(V)", kU},
    {"optional.ofNonZeroValue", "V", "optional_type(V)", kU},
    {"optional.none", "", "optional_type(V)", kA},
    {"value", ".optional_type(V)", "V", kU},
    {"hasValue", ".optional_type(V)", "bool", kU},
    {"or", ".optional_type(V), optional_type(V)", "optional_type(V)", kB},
    {"orValue", ".optional_type(V), V", "V", kB},
    {"first", ".list(V)", "optional_type(V)", kU},
    {"last", ".list(V)", "optional_type(V)", kU},
    {"optional.unwrap", "list(optional_type(V))", "list(V)", kU},
    {"unwrapOpt", ".list(optional_type(V))", "list(V)", kU},
    // Strings.
    {"charAt", ".string, int", "string", kB},
    {"indexOf", ".string, string", "int", kA},
    {"indexOf", ".string, string, int", "int", kA},
    {"lastIndexOf", ".string, string", "int", kA},
    {"lastIndexOf", ".string, string, int", "int", kA},
    {"lowerAscii", ".string", "string", kU},
    {"upperAscii", ".string", "string", kU},
    {"replace", ".string, string, string", "string", kA},
    {"replace", ".string, string, string, int", "string", kA},
    {"split", ".string, string", "list(string)", kA},
    {"split", ".string, string, int", "list(string)", kA},
    {"substring", ".string, int", "string", kA},
    {"substring", ".string, int, int", "string", kA},
    {"trim", ".string", "string", kU},
    {"format", ".string, list(dyn)", "string", kA},
    {"strings.quote", "string", "string", kU},
    {"join", ".list(string)", "string", kA},
    {"join", ".list(string), string", "string", kA},
    {"reverse", ".string", "string", kU},
    // Sets and Encoders.
    {"sets.contains", "list(T), list(T)", "bool", kB},
    {"sets.equivalent", "list(T), list(T)", "bool", kB},
    {"sets.intersects", "list(T), list(T)", "bool", kB},
    {"base64.decode", "string", "bytes", kU},
    {"base64.encode", "bytes", "string", kU},
};

constexpr std::string_view kTimeParts[] = {"getFullYear",  "getMonth", "getDayOfYear", "getDayOfMonth", "getDate",
                                           "getDayOfWeek", "getHours", "getMinutes",   "getSeconds",    "getMilliseconds"};

using Table = std::map<std::string_view, Function>;

void Add(Table& table, const Row& row) {
  Function& function = table[row.name];
  function.shape = row.shape;
  const bool member = row.args.starts_with(".");
  const TypePtr args = ParseType("list(" + std::string(row.args.substr(member ? 1 : 0)) + ")");  // a list of types, for its parameters
  function.overloads.push_back({.member = member, .args = args->params(), .result = ParseType(row.result)});
}

Table MakeTable() {
  Table table;
  for (const Row& row : kRows) Add(table, row);
  for (const std::string_view name : {"_<_", "_<=_", "_>_", "_>=_"}) {
    for (const std::string_view args : kOrdered) Add(table, {name, args, "bool", kB});
  }
  for (const std::string_view name : kTimeParts) {
    Add(table, {name, ".timestamp", "int", kA});
    Add(table, {name, ".timestamp, string", "int", kA});
  }
  return table;
}

}  // namespace

const Function* FindFunction(std::string_view name) {
  static const Table kTable = MakeTable();
  const auto at = kTable.find(name);
  return at == kTable.end() ? nullptr : &at->second;
}

TypePtr FindTypeName(std::string_view name) {
  constexpr std::array<std::string_view, 11> kSimple = {"bool", "bytes",     "double", "int", "string",       "uint",
                                                        "type", "null_type", "list",   "map", "optional_type"};
  if (name == "google.protobuf.Timestamp") return ParseType("timestamp");
  if (name == "google.protobuf.Duration") return ParseType("duration");
  for (const std::string_view simple : kSimple) {
    if (simple != name) continue;
    if (name == "null_type") return ParseType("null");
    if (name == "list") return ParseType("list(dyn)");
    return name == "map" ? ParseType("map(dyn, dyn)") : ParseType(name);
  }
  return nullptr;
}

}  // namespace sluice::rollout::cel
