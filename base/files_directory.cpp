// A directory on disk as Files.
//
// Where no symbolic link is on the way, the kernel finds a place in one call that refuses links and whatever leaves the root. Else it never resolves more
// than one name for us: each step is an openat() below the descriptor of its parent with O_NOFOLLOW, a symbolic link is read and its target's names are
// put in front of what is left to walk, and ".." goes back to the descriptor we came from. So whatever a writer of the tree does while we walk, no
// descriptor of ours is ever outside of the root.
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>

#include "base/files.h"

namespace sluice::base {

namespace {

constexpr int kMaxLinks = 40;  // as Linux

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Error SystemError(const std::string& where, int code) {
  const std::string message = where + ": " + std::strerror(code);
  if (code == ENOENT || code == ENOTDIR) return NotFound(where + ": no such file or directory");
  if (code == EACCES || code == EPERM) return MakeError(Reason::Forbidden, message);
  if (code == ENAMETOOLONG || code == EINVAL || code == ELOOP) return Invalid(message);
  return MakeError(Reason::Unavailable, message);
}

FileType TypeOf(mode_t mode) {
  if (S_ISREG(mode)) return FileType::Regular;
  if (S_ISDIR(mode)) return FileType::Directory;
  return S_ISLNK(mode) ? FileType::Symlink : FileType::Other;
}

FileInfo InfoOf(std::string name, const struct stat& status) {
  const FileType type = TypeOf(status.st_mode);
  const bool regular = type == FileType::Regular;
  return {.name = std::move(name),
          .type = type,
          .size = regular ? static_cast<std::uint64_t>(status.st_size) : 0,
          .executable = regular && (status.st_mode & 0111) != 0,
          .content_id = {}};
}

// A place in the tree: descriptors (O_PATH) from the root down to it, and their names.
struct Place {
  std::vector<Fd> fds;
  std::vector<std::string> names;
  struct stat status{};

  std::string Path() const {
    std::string path;
    for (const std::string& name : names) path += (path.empty() ? "" : "/") + name;
    return path.empty() ? "." : path;
  }
};

void PushFront(std::deque<std::string>& names, std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0 && path.substr(0, end) != ".") parts.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  names.insert(names.begin(), std::make_move_iterator(parts.begin()), std::make_move_iterator(parts.end()));
}

class Directory final : public Files {
 public:
  Directory(std::string root, std::uint64_t max_file_bytes) : root_(std::move(root)), max_file_bytes_(max_file_bytes) {
    if (char* real = ::realpath(root_.c_str(), nullptr)) {
      real_root_ = real;
      std::free(real);
    }
  }

  Result<FileInfo> Stat(std::string_view path) const override {
    TRY(const Place place, Walk(path));
    const auto normal = NormalizePath(path);
    return InfoOf(std::string(BaseName(*normal)), place.status);
  }

  Result<std::string> Read(std::string_view path) const override;
  Result<std::vector<FileInfo>> List(std::string_view path) const override;

  Result<std::string> Resolve(std::string_view path) const override {
    TRY(const Place place, Walk(path));
    return place.Path();
  }

  std::string Describe(std::string_view path) const override {
    if (path.empty() || path == ".") return root_;
    return root_ + (root_.ends_with('/') ? "" : "/") + std::string(path);
  }

 private:
  Result<Place> Walk(std::string_view path) const;
  Result<bool> GoStraight(Place& place, const std::string& normal, std::string_view path) const;
  Result<void> Step(Place& place, std::deque<std::string>& names, int& links, std::string_view path) const;
  Result<void> Follow(Place& place, std::deque<std::string>& names, const Fd& link, std::string_view path) const;
  Error Leaves(std::string_view path) const { return Invalid(Describe(path) + ": leads outside of " + root_); }

  std::string root_;
  std::string real_root_;  // what absolute links are compared with
  std::uint64_t max_file_bytes_;
};

Result<Place> Directory::Walk(std::string_view path) const {
  const auto normal = NormalizePath(path);
  if (!normal) return Leaves(path);
  Place place;
  place.fds.emplace_back(::open(root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (place.fds.back().get() < 0) return SystemError(root_, errno);
  TRY(const bool arrived, GoStraight(place, *normal, path));
  std::deque<std::string> names;
  if (!arrived) PushFront(names, *normal);
  int links = 0;
  while (!names.empty()) TRY(Step(place, names, links, path));
  if (::fstat(place.fds.back().get(), &place.status) != 0) return SystemError(Describe(path), errno);
  return place;
}

// False: there is a link, something that wants the words of Step(), or no openat2() (before Linux 5.6, and where a sandbox refuses it).
Result<bool> Directory::GoStraight(Place& place, const std::string& normal, std::string_view path) const {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
  Fd found(static_cast<int>(::syscall(SYS_openat2, place.fds.back().get(), normal.c_str(), &how, sizeof(how))));
  if (found.get() < 0 && errno == ENOENT) return SystemError(Describe(path), ENOENT);
  if (found.get() < 0) return false;
  place.fds.push_back(std::move(found));
  place.names.push_back(normal);
  return true;
}

Result<void> Directory::Step(Place& place, std::deque<std::string>& names, int& links, std::string_view path) const {
  const std::string name = std::move(names.front());
  names.pop_front();
  if (name == "..") {
    if (place.names.empty()) return Leaves(path);
    place.names.pop_back();
    place.fds.pop_back();
    return {};
  }
  Fd next(::openat(place.fds.back().get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (next.get() < 0) return SystemError(Describe(path), errno);
  struct stat status{};
  if (::fstat(next.get(), &status) != 0) return SystemError(Describe(path), errno);
  if (S_ISLNK(status.st_mode)) {
    if (++links > kMaxLinks) return Invalid(Describe(path) + ": too many levels of symbolic links");
    return Follow(place, names, next, path);
  }
  if (!names.empty() && !S_ISDIR(status.st_mode)) return NotFound(Describe(path) + ": no such file or directory");
  place.fds.push_back(std::move(next));
  place.names.push_back(name);
  return {};
}

// Puts the names of the link's target in front of `names`. An absolute target counts from the root if it lies below it.
Result<void> Directory::Follow(Place& place, std::deque<std::string>& names, const Fd& link, std::string_view path) const {
  std::array<char, 4096> buffer;
  const ssize_t size = ::readlinkat(link.get(), "", buffer.data(), buffer.size());
  if (size < 0) return SystemError(Describe(path), errno);
  std::string_view target(buffer.data(), static_cast<std::size_t>(size));
  if (target.size() == buffer.size()) return Invalid(Describe(path) + ": symbolic link is too long");
  if (target.starts_with('/')) {
    const std::string prefix = real_root_.ends_with('/') ? real_root_ : real_root_ + "/";
    if (target != real_root_ && !target.starts_with(prefix)) return Leaves(path);
    target.remove_prefix(std::min(prefix.size(), target.size()));
    place.fds.erase(place.fds.begin() + 1, place.fds.end());
    place.names.clear();
  }
  PushFront(names, target);
  return {};
}

Result<std::string> ReadAll(int fd, std::uint64_t expected, std::uint64_t limit, const std::string& where) {
  std::string bytes;
  bytes.resize(static_cast<std::size_t>(std::min(expected, limit) + 1));  // one more, to see the end without another round
  std::size_t used = 0;
  while (true) {
    const ssize_t got = ::read(fd, bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(where, errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > limit) return MakeError(Reason::TooLarge, where + ": larger than " + std::to_string(limit) + " bytes");
    if (used == bytes.size()) bytes.resize(bytes.size() * 2);
  }
  bytes.resize(used);
  return bytes;
}

// What an O_PATH descriptor names, opened for reading.
Fd Reopen(const Fd& place, int flags) {
  const std::string self = "/proc/self/fd/" + std::to_string(place.get());
  return Fd(::open(self.c_str(), flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

Result<std::string> Directory::Read(std::string_view path) const {
  TRY(const Place place, Walk(path));
  const std::string where = Describe(path);
  if (S_ISDIR(place.status.st_mode)) return Invalid(where + ": is a directory");
  if (!S_ISREG(place.status.st_mode)) return Invalid(where + ": not a regular file");
  const auto size = static_cast<std::uint64_t>(place.status.st_size);
  if (size > max_file_bytes_) return MakeError(Reason::TooLarge, where + ": larger than " + std::to_string(max_file_bytes_) + " bytes");
  const Fd file = Reopen(place.fds.back(), 0);
  if (file.get() < 0) return SystemError(where, errno);
  return ReadAll(file.get(), size, max_file_bytes_, where);
}

Result<std::vector<FileInfo>> Directory::List(std::string_view path) const {
  TRY(const Place place, Walk(path));
  const std::string where = Describe(path);
  if (!S_ISDIR(place.status.st_mode)) return Invalid(where + ": not a directory");
  Fd directory(::openat(place.fds.back().get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) return SystemError(where, errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(directory.get()), &::closedir);
  if (!stream) return SystemError(where, errno);
  directory.release();  // the stream closes it
  std::vector<FileInfo> entries;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    struct stat status{};
    if (name == "." || name == "..") continue;
    if (::fstatat(::dirfd(stream.get()), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;  // gone in between
    entries.push_back(InfoOf(name, status));
  }
  std::sort(entries.begin(), entries.end(), [](const FileInfo& a, const FileInfo& b) { return a.name < b.name; });
  return entries;
}

}  // namespace

std::unique_ptr<Files> OpenDirectory(std::string root, std::uint64_t max_file_bytes) {
  return std::make_unique<Directory>(std::move(root), max_file_bytes);
}

}  // namespace sluice::base
