#include "cli/build_remote.h"

#include <filesystem>
#include <utility>

#include "controller/kustomization/remote_bases.h"
#include "net/await.h"
#include "sources/git/library.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
namespace remote = controller::kustomization;
using base::Result;
using FilesPtr = std::shared_ptr<const base::Files>;

class Resolver final : public kustomize::RemoteResolver {
 public:
  ~Resolver() override {
    bases_ = {};
    cache_.reset();
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }

  Result<FilesPtr> FetchTree(const kustomize::GitUrl& url) override {
    if (bases_.FindTree(url) == nullptr) {
      TRY(MakeFolder());
      TRY(remote::RemoteTree tree, remote::FetchRemoteTree(*cache_, url));
      bases_.Add(url, std::move(tree));
    }
    return (*bases_.FindTree(url))->files;
  }

  Result<std::string> FetchFile(std::string_view url) override {
    if (bases_.FindFile(url) == nullptr) {
      TRY(const remote::RemoteFileCall call, remote::CallForRemoteFile(url));
      net::Runtime runtime;
      net::HttpClient client(runtime.io(), call.client);
      TRY(std::string body, remote::BodyOf(call, runtime.BlockOn(client.Send(call.request))));
      bases_.Add(url, std::move(body));
    }
    return **bases_.FindFile(url);
  }

 private:
  Result<void> MakeFolder();

  std::unique_ptr<sources::GitLibrary> library_;  // before what uses it
  std::unique_ptr<sources::GitCache> cache_;
  fs::path folder_;
  remote::RemoteBases bases_;
};

Result<void> Resolver::MakeFolder() {
  if (cache_) return {};
  std::error_code error;
  std::string name = (fs::temp_directory_path(error) / "sluice-build-XXXXXX").string();
  if (error || ::mkdtemp(name.data()) == nullptr)
    return base::MakeError(base::Reason::Unavailable, "no temporary directory can be made for " + name);
  folder_ = name;
  library_ = std::make_unique<sources::GitLibrary>();
  cache_ = std::make_unique<sources::GitCache>(name);
  return {};
}

}  // namespace

std::unique_ptr<kustomize::RemoteResolver> MakeRemoteResolver() { return std::make_unique<Resolver>(); }

}  // namespace sluice::cli
