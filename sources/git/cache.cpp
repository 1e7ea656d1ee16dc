#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include "base/digest.h"
#include "sources/git/repository_impl.h"

namespace sluice::sources {

namespace fs = std::filesystem;

struct GitCache::Impl {
  std::string directory;
  GitLimits limits;
  GitClientOptions options;
  base::Mutex mutex;
  std::shared_ptr<SharedResources> shared;
  // By the folder's name, and kept: two objects for one folder would not know of each other's readers.
  std::map<std::string, std::shared_ptr<Repository>> open GUARDED_BY(mutex);
};

GitCache::GitCache(std::string directory, GitLimits limits, GitClientOptions options) : impl_(std::make_unique<Impl>()) {
  impl_->directory = std::move(directory);
  impl_->limits = limits;
  impl_->shared = std::make_shared<SharedResources>(limits.max_indexing);
  impl_->options = std::move(options);
  std::error_code error;
  fs::create_directories(impl_->directory, error);  // a failure shows at the first fetch
  chmod(impl_->directory.c_str(), 0700);
}

GitCache::~GitCache() = default;

const GitLimits& GitCache::limits() const { return impl_->limits; }

std::shared_ptr<Repository> GitCache::Open(const GitUrl& url) {
  const std::string name = base::Sha256Hex(url.text);
  const base::MutexLock lock(impl_->mutex);
  std::shared_ptr<Repository>& repository = impl_->open[name];
  if (!repository)
    repository.reset(new Repository(
        std::make_unique<Repository::Impl>(url, impl_->directory + "/" + name, impl_->limits, impl_->options, impl_->shared)));
  return repository;
}

std::size_t GitCache::RemoveOthers(const std::vector<std::string>& keep) {
  std::set<std::string> names;
  for (const std::string& url : keep) names.insert(base::Sha256Hex(url));
  const base::MutexLock lock(impl_->mutex);
  std::erase_if(impl_->open, [&](const auto& slot) {
    return !names.contains(slot.first) && slot.second.use_count() == 1 && !slot.second->impl_->InUse();
  });
  std::size_t removed = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(impl_->directory, error)) {
    const std::string name = entry.path().filename().string();
    if (name.size() != 64 || names.contains(name) || impl_->open.contains(name)) continue;
    removed += fs::remove_all(entry.path(), error) > 0;
  }
  return removed;
}

}  // namespace sluice::sources
