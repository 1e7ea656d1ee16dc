#include "sources/git/library.h"

#include <curl/curl.h>
#include <git2.h>

#include <initializer_list>

namespace sluice::sources {
namespace {

constexpr std::size_t kWindowBytes = 1u << 20;   // what one look into a pack maps
constexpr std::size_t kMappedBytes = 32u << 20;  // what all packs together keep mapped
constexpr std::size_t kOpenPacks = 128;
constexpr std::size_t kPackObjects = 5'000'000;  // of one pack that a host sends

}  // namespace

GitLibrary::GitLibrary(std::uint64_t max_object_bytes) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  git_libgit2_init();
  git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, kWindowBytes);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, kMappedBytes);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, kOpenPacks);
  git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
  git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, kPackObjects);
  git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE, static_cast<std::size_t>(max_object_bytes));
  for (int level : {GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL})
    git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
}

GitLibrary::~GitLibrary() {
  git_libgit2_shutdown();
  curl_global_cleanup();
}

}  // namespace sluice::sources
