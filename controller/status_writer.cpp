#include "controller/status_writer.h"

#include "base/failpoint.h"
#include "controller/services.h"
#include "document/merge_patch.h"
#include "net/await.h"

namespace sluice::controller {

using base::Result;
using document::Value;
using kube::SharedObject;

namespace {

constexpr int kAttempts = 5;

/// What turns the object's status into `status`; empty if nothing.
Value PatchFor(const Value& object, const Value& status) {
  const Value* before = object.Find("status");
  const Value empty = Value::Mapping();
  Value difference = document::CreateMergePatch(before == nullptr || before->IsNull() ? empty : *before, status);
  Value patch = Value::Mapping();
  if (difference.empty()) return patch;
  patch.Set("status", std::move(difference));
  patch["metadata"].Set("resourceVersion", object.StringAt({"metadata", "resourceVersion"}));
  return patch;
}

}  // namespace

net::Task<Result<SharedObject>> StatusWriter::Write(SharedObject object, Value status) {
  for (int attempt = 1;; ++attempt) {
    Value patch = PatchFor(*object, status);
    if (patch.empty()) co_return object;
    SLUICE_FAILPOINT("status.write.before");
    net::Task<Result<SharedObject>> sent = Send(object, std::move(patch), "status");
    Result<SharedObject> written = co_await std::move(sent);
    SLUICE_FAILPOINT("status.write.after");
    if (written || written.error().reason != base::Reason::Conflict || attempt == kAttempts) co_return written;
    net::Task<Result<SharedObject>> reading = ReadAgain(object);
    CO_TRY(object, co_await std::move(reading));
  }
}

/// The object as the server has it now.
net::Task<Result<SharedObject>> StatusWriter::ReadAgain(SharedObject object) {
  const kube::ObjectRef ref = kube::ObjectRef::Of(*object);
  net::Task<Result<Value>> reading = client_.Get(ref);
  CO_TRY(Value now, co_await std::move(reading));
  if (now.StringAt({"metadata", "uid"}) != object->StringAt({"metadata", "uid"}))
    co_return base::NotFound(ref.Id().ToString() + " is another one now");
  co_return std::make_shared<const Value>(std::move(now));
}

net::Task<Result<SharedObject>> StatusWriter::SetFinalizer(SharedObject object, bool present) {
  if (HasFinalizer(*object, finalizer_) == present) co_return object;
  Value list = Value::Sequence();
  if (const Value* finalizers = object->At({"metadata", "finalizers"})) {
    for (const Value& item : finalizers->items()) {
      if (item.AsString() != finalizer_) list.Append(item);
    }
  }
  if (present) list.Append(finalizer_);
  Value metadata = Value::Mapping();
  metadata.Set("finalizers", list.empty() ? Value() : std::move(list));
  metadata.Set("resourceVersion", object->StringAt({"metadata", "resourceVersion"}));
  Value patch = Value::Mapping();
  patch.Set("metadata", std::move(metadata));
  SLUICE_FAILPOINT("finalizer.write.before");
  net::Task<Result<SharedObject>> sent = Send(object, std::move(patch), "");
  Result<SharedObject> written = co_await std::move(sent);
  SLUICE_FAILPOINT("finalizer.write.after");
  co_return written;
}

net::Task<Result<SharedObject>> StatusWriter::Send(SharedObject object, Value patch, std::string subresource) {
  const kube::ObjectRef ref = kube::ObjectRef::Of(*object);
  const kube::WriteOptions options{.manager = manager_, .subresource = std::move(subresource)};
  net::Task<Result<Value>> call = client_.Patch(ref, kube::PatchType::Merge, patch, options);
  CO_TRY(Value stored, co_await std::move(call));
  store_.Remember(stored);
  SharedObject current = store_.Get({std::string(document::NamespaceOf(*object)), std::string(document::NameOf(*object))});
  if (!current) current = std::make_shared<const Value>(std::move(stored));
  co_return current;
}

}  // namespace sluice::controller
