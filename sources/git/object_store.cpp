#include "sources/git/object_store.h"

#include <git2.h>
#include <git2/sys/odb_backend.h>

#include "base/failpoint.h"
#include "sources/git/delta_chains.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace sluice::sources {
namespace {

namespace fs = std::filesystem;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;

constexpr std::string_view kTemporaryPack = "pack_";  // libgit2's name for a pack that is being received

std::string LastError() {
  const git_error* error = git_error_last();
  return error && error->message ? error->message : "unknown error";
}

git_oid ToOid(const ObjectId& id) {
  git_oid oid;
  std::memcpy(oid.id, id.data(), id.size());
  return oid;
}

git_object_t TypeOf(ObjectKind kind) {
  constexpr git_object_t kTypes[] = {GIT_OBJECT_COMMIT, GIT_OBJECT_TREE, GIT_OBJECT_BLOB, GIT_OBJECT_TAG};
  return kTypes[static_cast<int>(kind)];
}

/// What makes a folder a bare repository to Git's own tools.
bool WriteSkeleton(const std::string& folder) {
  std::error_code error;
  for (const char* sub : {"", "/objects", "/objects/pack", "/objects/info", "/refs"}) {
    fs::create_directories(folder + sub, error);
    fs::permissions(folder + sub, fs::perms::owner_all, error);
  }
  if (!fs::exists(folder + "/config")) std::ofstream(folder + "/config") << "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";
  if (!fs::exists(folder + "/HEAD")) std::ofstream(folder + "/HEAD") << "ref: refs/heads/master\n";
  return fs::exists(folder + "/HEAD") && fs::is_directory(folder + "/objects/pack");
}

/// A process that died while it received a pack left a part of it.
void RemoveUnfinishedPacks(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder + "/objects/pack", error))
    if (entry.path().filename().string().starts_with(kTemporaryPack)) fs::remove(entry.path(), error);
}

}  // namespace

ObjectStore::ObjectStore(std::string folder, std::uint64_t max_object_bytes, std::shared_ptr<SharedResources> shared)
    : folder_(std::move(folder)), max_object_bytes_(max_object_bytes), shared_(std::move(shared)) {}

Result<std::shared_ptr<ObjectStore>> ObjectStore::Open(std::string folder, std::uint64_t max_object_bytes,
                                                       std::shared_ptr<SharedResources> shared) {
  if (!WriteSkeleton(folder)) return MakeError(Reason::Unavailable, "cannot write the Git cache at " + folder);
  RemoveUnfinishedPacks(folder);
  return std::shared_ptr<ObjectStore>(new ObjectStore(std::move(folder), max_object_bytes, std::move(shared)));
}

ObjectStore::~ObjectStore() {
  shared_->databases.Drop(folder_);
  if (!retired_) return;
  std::error_code error;
  fs::remove_all(folder_, error);
}

Result<std::shared_ptr<git_odb>> ObjectStore::TakeOdb() const {
  if (auto waiting = shared_->databases.Take(folder_)) return std::static_pointer_cast<git_odb>(std::move(waiting));
  git_odb* odb = nullptr;
  if (git_odb_open(&odb, (folder_ + "/objects").c_str()) < 0)
    return MakeError(Reason::Unavailable, "cannot open the Git cache: " + LastError());
  return std::shared_ptr<git_odb>(odb, &git_odb_free);
}

void ObjectStore::GiveOdb(std::shared_ptr<git_odb> odb) const { shared_->databases.Give(folder_, std::move(odb)); }

base::Error ObjectStore::Damaged(const ObjectId& id) const {
  damaged_ = true;
  return MakeError(Reason::Unavailable, "the Git cache is damaged and will be fetched anew: object " + ToHex(id) + ": " + LastError());
}

/// Size and libgit2's type.
Result<std::pair<std::uint64_t, int>> ObjectStore::ReadHeader(git_odb& odb, const ObjectId& id) const {
  const git_oid oid = ToOid(id);
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  if (git_odb_read_header(&size, &type, &odb, &oid) < 0) return Damaged(id);
  return std::pair<std::uint64_t, int>(size, type);
}

Result<std::uint64_t> ObjectStore::SizeOf(const ObjectId& id) const {
  TRY(std::shared_ptr<git_odb> odb, TakeOdb());
  auto header = ReadHeader(*odb, id);
  GiveOdb(std::move(odb));
  if (!header) return std::move(header).error();
  return header->first;
}

Result<std::string> ObjectStore::ReadFrom(git_odb& odb, const ObjectId& id, ObjectKind kind) const {
  TRY(const auto header, ReadHeader(odb, id));
  const auto type = static_cast<git_object_t>(header.second);
  if (type != TypeOf(kind))
    return Invalid("object " + ToHex(id) + " is a " + git_object_type2string(type) + ", not a " + git_object_type2string(TypeOf(kind)));
  if (header.first > max_object_bytes_)
    return MakeError(Reason::TooLarge, "object " + ToHex(id) + " has " + std::to_string(header.first) + " bytes, over the limit of " +
                                           std::to_string(max_object_bytes_));
  const git_oid oid = ToOid(id);
  git_odb_object* object = nullptr;
  if (git_odb_read(&object, &odb, &oid) < 0) return Damaged(id);
  std::string bytes(static_cast<const char*>(git_odb_object_data(object)), git_odb_object_size(object));
  git_odb_object_free(object);
  return bytes;
}

Result<std::string> ObjectStore::Read(const ObjectId& id, ObjectKind kind) const {
  TRY(std::shared_ptr<git_odb> odb, TakeOdb());
  auto bytes = ReadFrom(*odb, id, kind);
  GiveOdb(std::move(odb));
  return bytes;
}

Result<std::shared_ptr<const Tree>> ObjectStore::ReadTree(const ObjectId& id) const {
  if (auto cached = shared_->trees.Find(id)) return cached;
  TRY(std::string raw, Read(id, ObjectKind::Tree));
  auto tree = Tree::Parse(std::move(raw));
  if (!tree) return std::move(tree).error().Wrap("tree " + ToHex(id));
  shared_->trees.Put(id, *tree);
  return tree;
}

std::size_t ObjectStore::PackCount() const {
  std::error_code error;
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder_ + "/objects/pack", error)) count += entry.path().extension() == ".pack";
  return count;
}

std::uint64_t ObjectStore::DiskBytes() const {
  std::error_code error;
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(folder_ + "/objects/pack", error)) {
    const std::uintmax_t size = entry.file_size(error);
    if (!error) bytes += size;
  }
  return bytes;
}

namespace {

int OnProgress(const git_indexer_progress*, void* waiter) { return static_cast<const Waiter*>(waiter)->Check() ? 0 : GIT_EUSER; }

}  // namespace

PackIngest::PackIngest(const ObjectStore& store, const PackLimits& limits, const Waiter& waiter)
    : store_(store), limits_(limits), waiter_(waiter), progress_(std::make_unique<git_indexer_progress>()) {}

Result<std::unique_ptr<PackIngest>> PackIngest::Begin(const ObjectStore& store, const PackLimits& limits, const Waiter& waiter) {
  std::unique_ptr<PackIngest> ingest(new PackIngest(store, limits, waiter));
  TRY(ingest->odb_, store.TakeOdb());
  git_indexer_options options = GIT_INDEXER_OPTIONS_INIT;
  options.progress_cb = &OnProgress;
  options.progress_cb_payload = const_cast<Waiter*>(&waiter);
  const std::string folder = store.folder() + "/objects/pack";
  if (git_indexer_new(&ingest->indexer_, folder.c_str(), 0400, ingest->odb_.get(), &options) < 0) return ingest->Failed();
  return ingest;
}

PackIngest::~PackIngest() {
  git_indexer_free(indexer_);
  if (odb_) store_.GiveOdb(std::move(odb_));
}

base::Error PackIngest::Failed() const {
  if (auto ok = waiter_.Check(); !ok) return std::move(ok).error();
  const std::string why = LastError();
  const git_error* error = git_error_last();
  if (why.find("exceeds") != std::string::npos || why.find("maximum") != std::string::npos || why.find("too large") != std::string::npos ||
      why.find("Too many objects") != std::string::npos)
    return MakeError(Reason::TooLarge, "the pack is over a limit: " + why);
  if (error && error->klass == GIT_ERROR_OS) return MakeError(Reason::Unavailable, "cannot store the pack: " + why);
  return Invalid("the host sent a damaged pack: " + why);
}

Result<void> PackIngest::Append(std::string_view bytes) {
  bytes_ += bytes.size();
  if (bytes_ > limits_.max_bytes)
    return MakeError(Reason::TooLarge, "the repository needs more than " + std::to_string(limits_.max_bytes) +
                                           " bytes of disk: make it smaller, or raise the limit");
  TRY(const Turns::Turn turn, store_.shared_->indexing.Take(waiter_));
  if (git_indexer_append(indexer_, bytes.data(), bytes.size(), progress_.get()) < 0) return Failed();
  return {};
}

Result<void> PackIngest::Finish() {
  TRY(const Turns::Turn turn, store_.shared_->indexing.Take(waiter_));
  SLUICE_FAILPOINT("git.index.before");
  if (git_indexer_commit(indexer_, progress_.get()) < 0) return Failed();
  SLUICE_FAILPOINT("git.index.after");
  const std::string stem = store_.folder() + "/objects/pack/pack-" + git_indexer_name(indexer_);
  auto chains = CheckDeltaChains(stem, limits_.max_delta_links);
  if (chains) return {};
  std::error_code error;
  for (const char* extension : {".idx", ".pack"}) fs::remove(stem + extension, error);
  return chains;
}

}  // namespace sluice::sources
