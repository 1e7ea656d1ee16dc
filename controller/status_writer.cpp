#include "controller/status_writer.h"

#include "controller/services.h"
#include "document/merge_patch.h"
#include "net/await.h"

namespace sluice::controller {

using base::Result;
using document::Value;
using kube::SharedObject;

net::Task<Result<SharedObject>> StatusWriter::Write(SharedObject object, Value status) {
  const Value* before = object->Find("status");
  const Value empty = Value::Mapping();
  Value difference = document::CreateMergePatch(before == nullptr || before->IsNull() ? empty : *before, status);
  if (difference.empty()) co_return object;
  Value patch = Value::Mapping();
  patch.Set("status", std::move(difference));
  net::Task<Result<SharedObject>> sent = Send(object, std::move(patch), "status");
  co_return co_await std::move(sent);
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
  net::Task<Result<SharedObject>> sent = Send(object, std::move(patch), "");
  co_return co_await std::move(sent);
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
