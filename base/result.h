// base/result.h: failures as values. A call that can fail in an ordinary way (a typo in YAML, a 409, an image that is not there)
// returns Result<T>; exceptions are for our own bugs. Speaks the words of std::expected, which GCC 12 lacks in C++20 mode.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sluice::base {

/// Why something failed, in Kubernetes' words where it has one (metav1.StatusReason).
enum class Reason {
  Invalid,        ///< the input is wrong; trying again with the same input fails again
  NotFound,       ///< no such object, file, reference or kind
  AlreadyExists,  ///< created by somebody else in the meantime
  Conflict,       ///< another writer or field manager was faster
  Forbidden,      ///< authenticated, but not allowed
  Unauthorized,   ///< credentials are missing or refused
  Gone,           ///< the resource version or the reference is no longer kept (410)
  TooLarge,       ///< over a limit of ours or of the peer
  Timeout,        ///< the deadline passed; the effect may have happened
  Unavailable,    ///< the peer is away or overloaded (connection errors, 429, 5xx); worth another try
  Canceled,       ///< stopped on purpose: newer intent, or shutdown
  Unsupported,    ///< a valid request for something that is refused (a field or a feature not offered)
  Internal,       ///< a bug of ours
};

/// The reason's word, e.g. "NotFound".
std::string_view ToString(Reason reason);

struct Error {
  Reason reason = Reason::Internal;
  std::string message;                                   ///< outside in: `building ./apps: web.yaml:14:5: mapping key "a" already defined`
  std::optional<std::chrono::milliseconds> retry_after;  ///< as the peer asked, if it did

  /// The same error seen from one step further out: `outer: message`.
  Error Wrap(std::string_view outer) && {
    message.insert(0, std::string(outer) + ": ");
    return std::move(*this);
  }
  Error Wrap(std::string_view outer) const& { return Error(*this).Wrap(outer); }
};

inline Error MakeError(Reason reason, std::string message) { return Error{reason, std::move(message), std::nullopt}; }
inline Error Invalid(std::string message) { return MakeError(Reason::Invalid, std::move(message)); }
inline Error NotFound(std::string message) { return MakeError(Reason::NotFound, std::move(message)); }

/// A T or an Error. `[[nodiscard]]`: a failure may be handled or returned, never dropped.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit like std::expected
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT
  template <class U>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::decay_t<U>, T> && !std::is_same_v<std::decay_t<U>, Error> &&
             !std::is_same_v<std::decay_t<U>, Result>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T value() && { return std::get<0>(std::move(state_)); }  ///< by value, so that `for (x : F().value())` is safe
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }
  template <class U>
  T value_or(U&& other) const& {
    return has_value() ? value() : static_cast<T>(std::forward<U>(other));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT
  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace sluice::base

// TRY(expr);            returns early with the error of `expr`.
// TRY(auto x, expr);    the same, else declares x from its value. The declaration may not contain a comma.
// CO_TRY                the same in a coroutine. Name the arguments of a `co_await` first (g++ 12, see docs/architecture.md).
#define SLUICE_CAT2(a, b) a##b
#define SLUICE_CAT(a, b) SLUICE_CAT2(a, b)
#define SLUICE_TRY_1(ret, tmp, expr) \
  if (auto tmp = (expr); !tmp) ret std::move(tmp).error()
#define SLUICE_TRY_2(ret, tmp, decl, ...) \
  auto tmp = (__VA_ARGS__);               \
  if (!tmp) ret std::move(tmp).error();   \
  decl = std::move(tmp).value()
#define SLUICE_HAS_MORE(...) SLUICE_FIRST(__VA_OPT__(2, ) 1)
#define SLUICE_FIRST(...) SLUICE_FIRST_(__VA_ARGS__, ~)
#define SLUICE_FIRST_(x, ...) x
#define TRY(first, ...) \
  SLUICE_CAT(SLUICE_TRY_, SLUICE_HAS_MORE(__VA_ARGS__))(return, SLUICE_CAT(try_result_, __COUNTER__), first __VA_OPT__(, ) __VA_ARGS__)
#define CO_TRY(first, ...) \
  SLUICE_CAT(SLUICE_TRY_, SLUICE_HAS_MORE(__VA_ARGS__))(co_return, SLUICE_CAT(try_result_, __COUNTER__), first __VA_OPT__(, ) __VA_ARGS__)
