#include "service/lanes.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/status.h"

namespace fovea::service {
namespace {

// Calls mostly wait for the disk: many threads let many appends share one commit.
constexpr size_t kAppendThreads = 64;
constexpr size_t kReadThreads = 16;
constexpr size_t kLargeThreads = 2;
constexpr size_t kSearchThreads = 4;
constexpr size_t kUpkeepThreads = 8;
constexpr size_t kMaxQueued = 2'000;
constexpr int kColdNice = 4;

}  // namespace

FairPool::FairPool(Options options) : options_(options) {
  const size_t threads = std::max<size_t>(1, options_.threads);
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

FairPool::~FairPool() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
    work_came_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

absl::Status FairPool::Post(const std::string& tenant, const std::string& session, Task task) {
  const absl::MutexLock lock(&mutex_);
  if (stopping_ || queued_ >= options_.max_queued) {
    return Overloaded(absl::StrCat(queued_, " calls wait already"));
  }
  const auto found = tenants_.find(tenant);
  if (found != tenants_.end() && found->second.queued >= options_.max_queued_of_tenant) {
    return Overloaded(absl::StrCat(found->second.queued, " calls of this tenant wait already"));
  }
  Tenant& waiting = tenants_[tenant];
  waiting.sessions[session].push_back(std::move(task));
  ++waiting.queued;
  ++queued_;
  work_came_.Signal();
  return absl::OkStatus();
}

bool FairPool::Enter(const std::string& tenant) {
  const absl::MutexLock lock(&mutex_);
  if (stopping_ || queued_ > 0 || entered_ >= options_.max_entered) return false;
  const auto found = tenants_.find(tenant);
  if (found != tenants_.end() && !MayRunMore(found->second)) return false;
  ++entered_;
  ++tenants_[tenant].running;
  return true;
}

void FairPool::Leave(const std::string& tenant) {
  const absl::MutexLock lock(&mutex_);
  --entered_;
  Ended(tenants_.find(tenant));
}

void FairPool::Ended(std::map<std::string, Tenant>::iterator of) {
  Tenant& tenant = of->second;
  --tenant.running;
  if (tenant.running == 0 && tenant.queued == 0) tenants_.erase(of);
  // Another thread may have passed this tenant over.
  if (queued_ > 0) work_came_.Signal();
}

size_t FairPool::queued() const {
  const absl::MutexLock lock(&mutex_);
  return queued_;
}

bool FairPool::MayRunMore(const Tenant& tenant) const {
  return tenant.running < options_.max_running_of_tenant || options_.max_running_of_tenant == 0;
}

bool FairPool::MayServe(const Tenant& tenant) const {
  return tenant.queued > 0 && MayRunMore(tenant);
}

std::map<std::string, FairPool::Tenant>::iterator FairPool::Next() {
  const auto start = tenants_.upper_bound(last_tenant_);
  for (auto at = start; at != tenants_.end(); ++at) {
    if (MayServe(at->second)) return at;
  }
  for (auto at = tenants_.begin(); at != start; ++at) {
    if (MayServe(at->second)) return at;
  }
  return tenants_.end();
}

void FairPool::Run() {
  // Of this thread alone. It fails where it is not allowed, and then nothing is lost but that.
  if (options_.nice > 0) {
    (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), options_.nice);
  }
  mutex_.Lock();
  while (true) {
    const auto served = Next();
    if (served == tenants_.end()) {
      if (stopping_ && queued_ == 0) break;
      work_came_.Wait(&mutex_);
      continue;
    }
    Tenant& tenant = served->second;
    last_tenant_ = served->first;
    auto session = tenant.sessions.upper_bound(tenant.last_session);
    if (session == tenant.sessions.end()) session = tenant.sessions.begin();
    tenant.last_session = session->first;
    Task task = std::move(session->second.front());
    session->second.pop_front();
    if (session->second.empty()) tenant.sessions.erase(session);
    --tenant.queued;
    --queued_;
    ++tenant.running;
    mutex_.Unlock();
    task();
    task = nullptr;
    mutex_.Lock();
    Ended(served);
  }
  work_came_.SignalAll();
  mutex_.Unlock();
}

Lanes::Lanes(size_t processors, bool many_tenants) {
  const auto open = [&](Lane lane, size_t threads, int nice, size_t max_entered = 0) {
    pools_[static_cast<size_t>(lane)] = std::make_unique<FairPool>(FairPool::Options{
        .threads = threads,
        .max_queued = kMaxQueued,
        .max_queued_of_tenant = many_tenants ? kMaxQueued / 2 : kMaxQueued,
        .max_running_of_tenant = many_tenants ? std::max<size_t>(1, threads - 1) : threads,
        .max_entered = max_entered,
        .nice = nice});
  };
  // What has entered to append waits without a thread. What reads keeps the caller's, which is
  // gRPC's: of these there are at least two, and one must be free for everybody else.
  open(Lane::kAppend, kAppendThreads, 0, kAppendThreads);
  open(Lane::kRead, kReadThreads, 0, 1);
  open(Lane::kLarge, kLargeThreads, 0);
  open(Lane::kSearch, kSearchThreads, 0);
  // Contexts compute: more threads would only hold more of them in memory. One more than there are
  // processors, so that a call that waits for drawing leaves nobody idle.
  open(Lane::kWarm, processors + 1, 0);
  open(Lane::kCold, std::max<size_t>(2, processors), kColdNice);
  open(Lane::kUpkeep, kUpkeepThreads, 0);
}

const char* LaneName(Lane lane) {
  switch (lane) {
    case Lane::kAppend:
      return "append";
    case Lane::kRead:
      return "read";
    case Lane::kLarge:
      return "large";
    case Lane::kSearch:
      return "search";
    case Lane::kWarm:
      return "warm";
    case Lane::kCold:
      return "cold";
    case Lane::kUpkeep:
      return "upkeep";
  }
  return "";
}

}  // namespace fovea::service
