// helm/functions/time_object.h: time.Time and time.Duration as templates hold them.
#pragma once

#include <string>
#include <utility>

#include "helm/functions/go_time.h"
#include "helm/template/value.h"

namespace sluice::helm {

class TimeObject final : public Object {
 public:
  explicit TimeObject(GoTime time) : time_(std::move(time)) {}
  std::string TypeName() const override { return "time.Time"; }
  const Signature* Method(std::string_view name) const override;
  base::Result<Value> Call(std::string_view name, std::span<const Value> arguments) override;
  std::optional<std::string> Text() const override;
  Value ToJson() const override;
  bool Equals(const Object& other) const override;

  const GoTime& time() const { return time_; }

 private:
  GoTime time_;
};

class DurationObject final : public Object {
 public:
  explicit DurationObject(std::int64_t nanoseconds) : nanoseconds_(nanoseconds) {}
  std::string TypeName() const override { return "time.Duration"; }
  std::string KindName() const override { return "int64"; }
  const Signature* Method(std::string_view name) const override;
  base::Result<Value> Call(std::string_view name, std::span<const Value> arguments) override;
  std::optional<std::string> Text() const override { return FormatDuration(nanoseconds_); }
  Value ToJson() const override { return Value::Int64(nanoseconds_); }
  bool Truth() const override { return nanoseconds_ != 0; }
  std::optional<std::int64_t> AsInt() const override { return nanoseconds_; }
  bool Equals(const Object& other) const override;

 private:
  std::int64_t nanoseconds_;
};

Value NewTime(GoTime time);
Value NewDuration(std::int64_t nanoseconds);
/// The time of a Time argument; the zero time if it is none.
GoTime TimeOf(const Value& value);

}  // namespace sluice::helm
