#include "kube/client.h"

#include <optional>

#include "document/json.h"
#include "kube/answer.h"
#include "kube/list.h"
#include "kube/url.h"
#include "net/await.h"

namespace sluice::kube {

namespace {

using base::Reason;
using base::Result;
using document::GroupVersionKind;
using document::Value;

constexpr std::string_view kAcceptMetadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

bool IsSecret(const GroupVersionKind& gvk) { return gvk.group.empty() && gvk.kind == "Secret"; }

/// Objects whose coming and going changes what discovery says.
bool ChangesDiscovery(const GroupVersionKind& gvk) {
  return (gvk.group == "apiextensions.k8s.io" && gvk.kind == "CustomResourceDefinition") ||
         (gvk.group == "apiregistration.k8s.io" && gvk.kind == "APIService");
}

/// The server's words for a path that it does not serve, as against an object that is not there.
bool IsKindUnknown(const base::Error& error) {
  return error.reason == Reason::NotFound &&
         (error.message == "the server could not find the requested resource" || error.message.starts_with("HTTP 404: 404 page not found"));
}

/// One object at its place.
struct Address {
  ApiRequest request;
  Wanted object;
  bool is_kept = true;  ///< else it answers with what it likes: a review, a binding, a token
};

std::string_view ContentTypeOf(PatchType type) {
  switch (type) {
    case PatchType::Merge: return "application/merge-patch+json";
    case PatchType::Json: return "application/json-patch+json";
    case PatchType::StrategicMerge: return "application/strategic-merge-patch+json";
  }
  return {};
}

std::string_view ToString(Propagation propagation) {
  switch (propagation) {
    case Propagation::Background: return "Background";
    case Propagation::Foreground: return "Foreground";
    case Propagation::Orphan: return "Orphan";
  }
  return {};
}

std::string DeleteBody(const DeleteOptions& options) {
  Value body = Value::Mapping();
  body.Set("apiVersion", "v1");
  body.Set("kind", "DeleteOptions");
  body.Set("propagationPolicy", ToString(options.propagation));
  if (!options.uid.empty()) body["preconditions"].Set("uid", options.uid);
  if (!options.resource_version.empty()) body["preconditions"].Set("resourceVersion", options.resource_version);
  if (options.dry_run) body.Set("dryRun", Value::Sequence({Value("All")}));
  return document::EmitJson(body);
}

}  // namespace

void SetGvk(Value& object, const GroupVersionKind& gvk) {
  object.Set("apiVersion", gvk.ApiVersion());
  object.Set("kind", gvk.kind);
}

ObjectRef ObjectRef::Of(const Value& object) {
  return {document::GvkOf(object), std::string(document::NamespaceOf(object)), std::string(document::NameOf(object))};
}

struct Client::Impl {
  Transport transport;
  Mapper mapper;

  Impl(Environment environment, ClusterConfig config, TransportOptions options)
      : transport(std::move(environment), std::move(config), std::move(options)), mapper(transport, MapperOptions{}) {}

  net::Task<Result<Address>> AddressOf(const ObjectRef& ref, std::string_view subresource);
  net::Task<Result<Value>> Write(Address address, const WriteOptions& options);
  net::Task<Result<net::Response>> Send(ApiRequest request, const GroupVersionKind& gvk);
  Result<Value> Read(const net::Response& response, const Address& address, Result<void> (*check)(const Value&, const Wanted&)) const;
};

/// The path of one object and what is the same for all requests to it.
net::Task<Result<Address>> Client::Impl::AddressOf(const ObjectRef& ref, std::string_view subresource) {
  CO_TRY(const ResourcePtr resource, co_await mapper.Find(ref.gvk));
  if (resource->namespaced && ref.ns.empty()) co_return base::Invalid(ref.Id().ToString() + ": namespace not specified");
  Address address;
  address.object = Wanted::Of(*resource, ref.ns, false);
  address.object.name = ref.name;
  address.is_kept = resource->Can(Verb::Get) && (subresource.empty() || subresource == "status");
  ApiRequest& request = address.request;
  request.path = resource->Path(ref.ns, ref.name);
  if (!subresource.empty()) request.path.append("/").append(subresource);
  request.resource = resource->GroupResource();
  request.redact = IsSecret(ref.gvk);
  co_return address;
}

/// A 404 for the kind itself means that what we know of it is out of date.
net::Task<Result<net::Response>> Client::Impl::Send(ApiRequest request, const GroupVersionKind& gvk) {
  auto response = co_await transport.Send(std::move(request));
  if (!response && IsKindUnknown(response.error())) {
    mapper.Forget(gvk);
    co_return base::NotFound("no matches for kind \"" + gvk.kind + "\" in version \"" + gvk.ApiVersion() + "\"");
  }
  co_return response;
}

/// What was written may have been, whatever else answers; so this is an Unavailable as after a broken connection.
Result<Value> Client::Impl::Read(const net::Response& response, const Address& address,
                                 Result<void> (*check)(const Value&, const Wanted&)) const {
  const GroupVersionKind& gvk = address.object.gvk;
  auto object = document::ParseJson(response.body);
  if (!object || !object->IsMapping())
    return base::MakeError(Reason::Unavailable, "the API server's answer for a " + gvk.kind + " cannot be read");
  const Result<void> right = address.is_kept ? check(*object, address.object) : Result<void>();
  if (!right) return right.error().Wrap("the API server at " + transport.config().server + " answered with another object");
  if (address.object.metadata_only) SetGvk(*object, gvk);
  return object;
}

net::Task<Result<Value>> Client::Impl::Write(Address address, const WriteOptions& options) {
  Query query;
  query.Add("fieldManager", options.manager).Add("dryRun", options.dry_run ? "All" : "").Add("fieldValidation", options.field_validation);
  ApiRequest& request = address.request;
  request.path += query.text();
  request.as = options.as;
  request.timeout = options.timeout;
  request.mutates = !options.dry_run && !options.for_lease;
  request.urgent = options.for_lease;
  request.patient = options.patient;
  if (options.metadata_only) request.accept = kAcceptMetadata;
  address.object.metadata_only = options.metadata_only;
  CO_TRY(const net::Response response, co_await Send(std::move(request), address.object.gvk));
  if (!options.dry_run && ChangesDiscovery(address.object.gvk)) mapper.Invalidate();
  co_return Read(response, address, CheckObject);
}

Client::Client(Environment environment, ClusterConfig config, TransportOptions options)
    : impl_(std::make_unique<Impl>(std::move(environment), std::move(config), std::move(options))) {}
Client::~Client() = default;

Mapper& Client::mapper() { return impl_->mapper; }
Transport& Client::transport() { return impl_->transport; }

net::Task<Result<Value>> Client::Get(const ObjectRef& ref) {
  static const ReadOptions kWhole;
  return Get(ref, kWhole);
}

net::Task<Result<Value>> Client::Get(const ObjectRef& ref, const ReadOptions& options) {
  CO_TRY(Address address, co_await impl_->AddressOf(ref, ""));
  ApiRequest& request = address.request;
  request.verb = "get";
  request.as = options.as;
  request.timeout = options.timeout;
  request.urgent = options.for_lease;
  if (options.metadata_only) request.accept = kAcceptMetadata;
  address.object.metadata_only = options.metadata_only;
  CO_TRY(const net::Response response, co_await impl_->Send(std::move(request), ref.gvk));
  co_return impl_->Read(response, address, CheckObject);
}

net::Task<Result<Value>> Client::Create(const Value& object, const WriteOptions& options) {
  const ObjectRef ref = ObjectRef::Of(object);
  ObjectRef target = ref;
  if (options.subresource.empty()) target.name.clear();
  CO_TRY(Address address, co_await impl_->AddressOf(target, options.subresource));
  address.object.name = ref.name;
  ApiRequest& request = address.request;
  request.method = "POST";
  request.verb = "create";
  request.body = document::EmitJson(object);
  request.retry = Retry::IfNotExecuted;
  co_return co_await impl_->Write(std::move(address), options);
}

net::Task<Result<Value>> Client::Replace(const Value& object, const WriteOptions& options) {
  const ObjectRef ref = ObjectRef::Of(object);
  CO_TRY(Address address, co_await impl_->AddressOf(ref, options.subresource));
  ApiRequest& request = address.request;
  request.method = "PUT";
  request.verb = "update";
  request.body = document::EmitJson(object);
  // With a resourceVersion a repeat of what was done already would meet its own change as a Conflict.
  request.retry = Retry::IfNotExecuted;
  co_return co_await impl_->Write(std::move(address), options);
}

net::Task<Result<Value>> Client::Apply(const Value& object, const ApplyOptions& options) {
  const ObjectRef ref = ObjectRef::Of(object);
  if (options.manager.empty() || options.manager.size() > 128)
    co_return base::Invalid("server-side apply: a field manager has 1 to 128 characters");
  CO_TRY(Address address, co_await impl_->AddressOf(ref, options.subresource));
  ApiRequest& request = address.request;
  Query query;
  query.Add("fieldManager", options.manager).Add("force", options.force ? "true" : "").Add("dryRun", options.dry_run ? "All" : "");
  query.Add("fieldValidation", options.field_validation);
  request.path += query.text();
  request.method = "PATCH";
  request.verb = options.dry_run ? "dry-run" : "apply";
  request.content_type = "application/apply-patch+yaml";  // JSON is YAML
  request.body = document::EmitJson(object);
  request.as = options.as;
  request.timeout = options.timeout;
  request.mutates = !options.dry_run;
  if (options.metadata_only) request.accept = kAcceptMetadata;
  address.object.metadata_only = options.metadata_only;
  CO_TRY(const net::Response response, co_await impl_->Send(std::move(request), ref.gvk));
  if (!options.dry_run && ChangesDiscovery(ref.gvk)) impl_->mapper.Invalidate();
  co_return impl_->Read(response, address, CheckObject);
}

net::Task<Result<Value>> Client::Patch(const ObjectRef& ref, PatchType type, const Value& patch, const WriteOptions& options) {
  CO_TRY(Address address, co_await impl_->AddressOf(ref, options.subresource));
  ApiRequest& request = address.request;
  request.method = "PATCH";
  request.verb = "patch";
  request.content_type = ContentTypeOf(type);
  request.body = document::EmitJson(patch);
  request.retry = type == PatchType::Merge ? Retry::IfIdempotent : Retry::IfNotExecuted;
  co_return co_await impl_->Write(std::move(address), options);
}

net::Task<Result<void>> Client::Delete(const ObjectRef& ref, const DeleteOptions& options) {
  CO_TRY(Address address, co_await impl_->AddressOf(ref, ""));
  ApiRequest& request = address.request;
  request.method = "DELETE";
  request.verb = "delete";
  request.body = DeleteBody(options);
  request.as = options.as;
  request.mutates = !options.dry_run;
  // Without the UID a repeat could meet an object that somebody has created anew since.
  request.retry = options.uid.empty() ? Retry::IfNotExecuted : Retry::IfIdempotent;
  CO_TRY(const net::Response response, co_await impl_->Send(std::move(request), ref.gvk));
  if (!options.dry_run && ChangesDiscovery(ref.gvk)) impl_->mapper.Invalidate();
  CO_TRY(impl_->Read(response, address, CheckDeleted));
  co_return Result<void>();
}

net::Task<Result<std::string>> Client::List(const GroupVersionKind& gvk, const ListOptions& options, const ListSink& sink) {
  CO_TRY(const ResourcePtr resource, co_await impl_->mapper.Find(gvk));
  auto version = co_await ListPages(impl_->transport, *resource, options, sink);
  if (!version && IsKindUnknown(version.error())) {
    impl_->mapper.Forget(gvk);
    co_return base::NotFound("no matches for kind \"" + gvk.kind + "\" in version \"" + gvk.ApiVersion() + "\"");
  }
  co_return version;
}

net::Task<Result<std::vector<Value>>> Client::ListAll(const GroupVersionKind& gvk, const ListOptions& options) {
  std::vector<Value> items;
  ListSink sink;
  sink.item = [&items](Value item) { items.push_back(std::move(item)); };
  sink.restart = [&items] { items.clear(); };
  CO_TRY(co_await List(gvk, options, sink));
  co_return items;
}

net::Task<Result<std::string>> Client::GetText(const std::string& path, const Impersonate& as, std::size_t max_bytes) {
  ApiRequest request;
  request.path = path;
  request.accept = "*/*";
  request.verb = "get";
  request.resource = "text";
  request.as = as;
  request.max_response_bytes = max_bytes;
  CO_TRY(net::Response response, co_await impl_->transport.Send(std::move(request)));
  co_return std::move(response.body);
}

net::Task<Result<ServerVersion>> Client::Version() {
  const std::string path = "/version";
  const Impersonate ourselves;
  CO_TRY(const std::string text, co_await GetText(path, ourselves, 1u << 20));
  auto version = document::ParseJson(text);
  if (!version) co_return base::MakeError(Reason::Unavailable, "/version: " + version.error().message);
  co_return ServerVersion{std::string(version->StringAt({"gitVersion"})), std::string(version->StringAt({"major"})),
                          std::string(version->StringAt({"minor"}))};
}

}  // namespace sluice::kube
