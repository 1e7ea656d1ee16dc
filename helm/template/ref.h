// helm/template/ref.h: shared ownership without atomics. A render is single-threaded and copies references all the time, so the count is a
// plain number inside the object; a Ref must not cross threads while somebody else holds the same object.
#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

namespace sluice::helm {

/// The base of what a Ref points to. Copying a Counted copies no owners.
class Counted {
 public:
  Counted() = default;
  Counted(const Counted&) {}                            // NOLINT: the owners stay with the original
  Counted& operator=(const Counted&) { return *this; }  // NOLINT
  void Retain() const { ++owners_; }
  bool Release() const { return --owners_ == 0; }  ///< whether that was the last owner
  bool Unshared() const { return owners_ == 1; }

 protected:
  ~Counted() = default;

 private:
  mutable std::uint32_t owners_ = 0;
};

/// Ends the last owner's object; overloaded where `delete` would recurse too deeply (List, Map).
template <class T>
void Destroy(T* object) {
  delete object;
}

/// An owner of a T, which derives from Counted. Null by default. A T* converts to another owner of the same object.
template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}                          // NOLINT: like std::shared_ptr
  Ref(T* object) : object_(object) { Retain(); }  // NOLINT: intrusive, so any pointer will do
  Ref(const Ref& other) : object_(other.object_) { Retain(); }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <class U>
    requires std::convertible_to<U*, T*>
  Ref(const Ref<U>& other) : object_(other.get()) {
    Retain();
  }  // NOLINT: like std::shared_ptr
  ~Ref() { Drop(); }
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  bool operator==(const Ref& other) const { return object_ == other.object_; }

 private:
  void Retain() const {
    if (object_) object_->Retain();
  }
  void Drop() {
    if (object_ && object_->Release()) Destroy(object_);
  }
  T* object_ = nullptr;
};

template <class T, class... Arguments>
Ref<T> MakeRef(Arguments&&... arguments) {
  return Ref<T>(new T(std::forward<Arguments>(arguments)...));
}

}  // namespace sluice::helm
