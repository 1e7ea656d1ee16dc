// The pages of a list are one snapshot: `continue` pins the version of the first. A page that breaks after some of its items were told, and
// a `continue` that expired (410, after etcd's compaction), begin the list again, a bounded number of times; after a 410 in one page, since the next pages
// would take as long (as client-go's pager does it).
#include "kube/list.h"

#include <optional>

#include "document/json.h"
#include "kube/answer.h"
#include "kube/json_frames.h"
#include "kube/url.h"
#include "net/await.h"

namespace sluice::kube {

namespace {

using base::Reason;
using base::Result;
using document::Value;

constexpr std::size_t kMaxItemBytes = 16u << 20;  // etcd's limit is 1.5 MiB; aggregated APIs may have more
constexpr int kMaxRestarts = 3;
constexpr std::size_t kMaxPages = 100'000;
constexpr std::size_t kMaxItems = 2'000'000;  // far above what etcd holds of one kind; a bound on what a hostile server may make us keep

struct Page {
  std::string resource_version, next;  ///< `next`: the continue token, "" after the last page
  std::size_t items = 0;
};

ApiRequest PageRequest(const Resource& resource, const ListOptions& options, std::size_t page_size, const std::string& token) {
  Query query;
  query.Add("labelSelector", options.label_selector).Add("fieldSelector", options.field_selector);
  query.Add("limit", page_size == 0 ? "" : std::to_string(page_size)).Add("continue", token);
  ApiRequest request;
  request.path = resource.Path(options.ns, "") + query.text();
  if (options.metadata_only) request.accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
  request.verb = "list";
  request.resource = resource.GroupResource();
  request.as = options.as;
  request.timeout = options.timeout;
  return request;
}

/// What the items and the head of the pages of one list must be; `kindless` counts the items that do not tell their kind.
struct Expected {
  const Resource& resource;
  Wanted item;
  std::string what;
  std::size_t kindless = 0;
  std::size_t items = 0;  // since the list was begun

  Expected(const Resource& r, const ListOptions& options)
      : resource(r), item(Wanted::Of(r, options.ns, options.metadata_only)), what("the list of " + r.GroupResource()) {
    item.may_lack_kind = true;
  }
  Result<Value> Item(std::string_view json);
  Result<Page> Head(const ListFrames& frames) const;
};

Result<Value> Expected::Item(std::string_view json) {
  auto object = document::ParseJson(json);
  if (!object) return std::move(object).error().Wrap("an item of " + what);
  if (Result<void> right = CheckObject(*object, item); !right) return std::move(right).error().Wrap(what + " has another object");
  if (object->StringAt({"kind"}).empty()) ++kindless;
  if (++items > kMaxItems) return base::MakeError(Reason::TooLarge, what + " has more than " + std::to_string(kMaxItems) + " items");
  SetGvk(*object, resource.gvk);
  return object;
}

Result<Page> Expected::Head(const ListFrames& frames) const {
  if (!frames.complete()) return base::MakeError(Reason::Unavailable, what + " was cut short");
  auto head = document::ParseJson(frames.rest());
  if (!head || head->Find("metadata") == nullptr) return base::MakeError(Reason::Unavailable, what + " cannot be read");
  if (Result<void> right = CheckList(*head, item, kindless); !right) return std::move(right).error().Wrap(what + " is another one");
  return Page{std::string(head->StringAt({"metadata", "resourceVersion"})), std::string(head->StringAt({"metadata", "continue"})),
              frames.items()};
}

/// `told` counts the items that the sink was given, also when the page then fails.
net::Task<Result<Page>> ListPage(Transport& transport, Expected& expected, ApiRequest request, const ListSink& sink, std::size_t& told) {
  std::optional<base::Error> failed;
  const FrameSink on_item = [&](std::string_view json) -> Result<void> {
    TRY(Value item, expected.Item(json));
    ++told;
    sink.item(std::move(item));
    return {};
  };
  ListFrames frames(kMaxItemBytes, on_item);
  net::BodySink body = [&](std::string_view bytes) {
    Result<void> fed = frames.Feed(bytes);
    if (!fed) failed = std::move(fed).error();
    return !failed.has_value();
  };
  auto response = co_await transport.SendStreamed(std::move(request), std::move(body));
  if (failed) co_return std::move(*failed);
  if (!response) co_return std::move(response).error();
  co_return expected.Head(frames);
}

/// Whether beginning again may help: expired pages, or a page that broke half way (before its first item the transport has tried again already).
bool MayRestart(const base::Error& error, bool continued, std::size_t told) {
  if (error.reason == Reason::Gone) return continued;
  return told > 0 && (error.reason == Reason::Unavailable || error.reason == Reason::Timeout);
}

}  // namespace

net::Task<Result<std::string>> ListPages(Transport& transport, const Resource& resource, const ListOptions& options, const ListSink& sink) {
  std::string token, version;
  int restarts = 0;
  std::size_t page_size = options.page_size;
  Expected expected(resource, options);
  for (std::size_t pages = 0; pages < kMaxPages; ++pages) {
    ApiRequest request = PageRequest(resource, options, page_size, token);
    std::size_t told = 0;
    auto page = co_await ListPage(transport, expected, std::move(request), sink, told);
    if (!page) {
      if (!MayRestart(page.error(), !token.empty(), told) || ++restarts > kMaxRestarts) co_return std::move(page).error();
      if (page.error().reason == Reason::Gone) page_size = 0;
      expected.items = 0;
      token.clear();
      version.clear();
      sink.restart();
      continue;
    }
    if (version.empty()) version = page->resource_version;
    if (page->next.empty()) co_return version;
    if (page->next == token) co_return base::MakeError(Reason::Unavailable, "the list of " + resource.GroupResource() + " does not go on");
    token = std::move(page->next);
  }
  co_return base::MakeError(Reason::TooLarge, "the list of " + resource.GroupResource() + " does not end");
}

}  // namespace sluice::kube
