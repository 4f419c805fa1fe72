/* Streams, events, recording, graphs. */
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "driver.hpp"

namespace tatara {
namespace {
std::set<Stream*> streams;

int carry_out(const Node& n) {
  int error = n.work();
  if (error != 0) {
    current->error = error;
    if (getenv("TATARA_EMULATION_QUIET") == nullptr) fprintf(stderr, "CUDA emulation: %s\n", last_report().c_str());
  }
  return error;
}
}  // namespace

Stream* stream_of(void* handle) {
  if ((uintptr_t)handle <= 2) return current->legacy;
  return is_handle(handle, Kind::STREAM) ? (Stream*)handle : nullptr;
}

int enqueue(Stream* s, int type, std::function<int()> work) {
  Node n{type, std::move(work)};
  if (s->capture != nullptr) {
    if (s->broken) return STREAM_CAPTURE_INVALIDATED;
    s->capture->nodes.push_back(std::move(n));
    return SUCCESS;
  }
  carry_out(n); /* the error shows in the next call, as on a device */
  return SUCCESS;
}

bool recording() {
  return std::any_of(streams.begin(), streams.end(), [](Stream* s) {
    return s->capture != nullptr && s->thread == std::this_thread::get_id();
  });
}
void break_recording() {
  for (Stream* s : streams) {
    if (s->capture != nullptr && s->thread == std::this_thread::get_id()) s->broken = true;
  }
}
}  // namespace tatara

using namespace tatara;

EMU_API int cuStreamCreate(void** s, unsigned flags) {
  DRIVER_CALL
  if (flags > 1) return INVALID_VALUE;
  Stream* n = new Stream(current, flags);
  streams.insert(n);
  *s = n;
  return SUCCESS;
}
EMU_API int cuStreamCreateWithPriority(void** s, unsigned flags, int) { return cuStreamCreate(s, flags); }
EMU_API int cuStreamDestroy_v2(void* s) {
  Lock lock(engine_lock());
  if (!is_handle(s, Kind::STREAM)) return INVALID_HANDLE;
  streams.erase((Stream*)s);
  delete (Stream*)s;
  return SUCCESS;
}
static int waiting(void* handle) {
  Stream* s = stream_of(handle);
  if (s == nullptr) return INVALID_HANDLE;
  if (s->capture != nullptr) {
    s->broken = true;
    return STREAM_CAPTURE_UNSUPPORTED;
  }
  return SUCCESS;
}
EMU_API int cuStreamSynchronize(void* s) {
  DRIVER_CALL
  return waiting(s);
}
EMU_API int cuStreamQuery(void* s) {
  DRIVER_CALL
  return waiting(s);
}
EMU_API int cuStreamGetFlags(void* s, unsigned* flags) {
  DRIVER_CALL
  if (stream_of(s) == nullptr) return INVALID_HANDLE;
  *flags = stream_of(s)->flags;
  return SUCCESS;
}
EMU_API int cuStreamGetCtx(void* s, void** c) {
  DRIVER_CALL
  if (stream_of(s) == nullptr) return INVALID_HANDLE;
  *c = stream_of(s)->context;
  return SUCCESS;
}
EMU_API int cuStreamWaitEvent(void* handle, void* event, unsigned) {
  DRIVER_CALL
  Stream* s = stream_of(handle);
  if (s == nullptr || !is_handle(event, Kind::EVENT)) return INVALID_HANDLE;
  Event* e = (Event*)event;
  if (e->capture != nullptr && s->capture == nullptr) { /* joins the recording */
    s->capture = e->capture;
    s->thread = std::this_thread::get_id();
  }
  return SUCCESS;
}
EMU_API int cuLaunchHostFunc(void* handle, void (*f)(void*), void* data) {
  DRIVER_CALL
  Stream* s = stream_of(handle);
  if (s == nullptr) return INVALID_HANDLE;
  return enqueue(s, 3, [=] {
    f(data);
    return (int)SUCCESS;
  });
}

EMU_API int cuEventCreate(void** e, unsigned flags) {
  DRIVER_CALL
  *e = new Event(flags);
  return SUCCESS;
}
EMU_API int cuEventDestroy_v2(void* e) {
  Lock lock(engine_lock());
  if (!is_handle(e, Kind::EVENT)) return INVALID_HANDLE;
  delete (Event*)e;
  return SUCCESS;
}
EMU_API int cuEventRecord(void* event, void* handle) {
  DRIVER_CALL
  Stream* s = stream_of(handle);
  if (s == nullptr || !is_handle(event, Kind::EVENT)) return INVALID_HANDLE;
  Event* e = (Event*)event;
  e->capture = s->capture;
  e->recorded = true;
  e->at = std::chrono::steady_clock::now();
  return SUCCESS;
}
EMU_API int cuEventRecordWithFlags(void* e, void* s, unsigned) { return cuEventRecord(e, s); }
static int event_done(void* event) {
  if (!is_handle(event, Kind::EVENT)) return INVALID_HANDLE;
  return ((Event*)event)->capture != nullptr ? STREAM_CAPTURE_UNSUPPORTED : SUCCESS;
}
EMU_API int cuEventQuery(void* e) {
  DRIVER_CALL
  return event_done(e);
}
EMU_API int cuEventSynchronize(void* e) {
  DRIVER_CALL
  return event_done(e);
}
EMU_API int cuEventElapsedTime(float* ms, void* a, void* b) {
  DRIVER_CALL
  if (!is_handle(a, Kind::EVENT) || !is_handle(b, Kind::EVENT)) return INVALID_HANDLE;
  Event *x = (Event*)a, *y = (Event*)b;
  if (!x->recorded || !y->recorded || ((x->flags | y->flags) & 2) != 0) return INVALID_HANDLE;
  *ms = std::chrono::duration<float, std::milli>(y->at - x->at).count();
  return SUCCESS;
}
EMU_API int cuEventElapsedTime_v2(float* ms, void* a, void* b) { return cuEventElapsedTime(ms, a, b); }

EMU_API int cuStreamBeginCapture_v2(void* handle, int) {
  DRIVER_CALL
  Stream* s = stream_of(handle);
  if (s == nullptr) return INVALID_HANDLE;
  if (s == current->legacy) return STREAM_CAPTURE_UNSUPPORTED;
  if (s->capture != nullptr) return INVALID_VALUE;
  s->capture = new Graph();
  s->origin = true;
  s->broken = false;
  s->thread = std::this_thread::get_id();
  return SUCCESS;
}
EMU_API int cuStreamEndCapture(void* handle, void** graph) {
  DRIVER_CALL
  Stream* s = stream_of(handle);
  if (s == nullptr) return INVALID_HANDLE;
  if (s->capture == nullptr) return INVALID_VALUE;
  if (!s->origin) return STREAM_CAPTURE_UNMATCHED;
  Graph* g = s->capture;
  bool broken = false;
  for (Stream* t : streams) {
    if (t->capture != g) continue;
    broken |= t->broken;
    t->capture = nullptr;
    t->origin = t->broken = false;
  }
  *graph = broken ? nullptr : g;
  if (broken) delete g;
  return broken ? STREAM_CAPTURE_INVALIDATED : SUCCESS;
}
EMU_API int cuStreamIsCapturing(void* handle, int* status) {
  DRIVER_CALL
  Stream* s = stream_of(handle);
  if (s == nullptr) return INVALID_HANDLE;
  *status = s->capture == nullptr ? 0 : s->broken ? 2 : 1;
  return SUCCESS;
}
EMU_API int cuThreadExchangeStreamCaptureMode(int*) { return SUCCESS; }

EMU_API int cuGraphCreate(void** graph, unsigned) {
  DRIVER_CALL
  *graph = new Graph();
  return SUCCESS;
}
EMU_API int cuGraphDestroy(void* graph) {
  Lock lock(engine_lock());
  if (!is_handle(graph, Kind::GRAPH)) return INVALID_VALUE;
  delete (Graph*)graph;
  return SUCCESS;
}
EMU_API int cuGraphGetNodes(void* graph, void**, size_t* n) {
  Lock lock(engine_lock());
  if (!is_handle(graph, Kind::GRAPH)) return INVALID_VALUE;
  *n = ((Graph*)graph)->nodes.size();
  return SUCCESS;
}
EMU_API int cuGraphInstantiateWithFlags(void** exec, void* graph, uint64_t) {
  DRIVER_CALL
  if (!is_handle(graph, Kind::GRAPH)) return INVALID_VALUE;
  Exec* e = new Exec();
  e->nodes = ((Graph*)graph)->nodes;
  *exec = e;
  return SUCCESS;
}
EMU_API int cuGraphInstantiate(void** exec, void* graph, uint64_t flags) {
  return cuGraphInstantiateWithFlags(exec, graph, flags);
}
EMU_API int cuGraphUpload(void* exec, void*) {
  DRIVER_CALL
  return is_handle(exec, Kind::EXEC) ? SUCCESS : INVALID_VALUE;
}
EMU_API int cuGraphLaunch(void* exec, void* handle) {
  DRIVER_CALL
  Stream* s = stream_of(handle);
  if (s == nullptr || !is_handle(exec, Kind::EXEC)) return INVALID_HANDLE;
  if (s->capture != nullptr) return NOT_SUPPORTED;
  for (const Node& n : ((Exec*)exec)->nodes) {
    if (carry_out(n) != 0) break;
  }
  return SUCCESS;
}
EMU_API int cuGraphExecUpdate_v2(void* exec, void* graph, void* result) {
  DRIVER_CALL
  if (!is_handle(exec, Kind::EXEC) || !is_handle(graph, Kind::GRAPH)) return INVALID_VALUE;
  auto& now = ((Exec*)exec)->nodes;
  auto& next = ((Graph*)graph)->nodes;
  bool same = now.size() == next.size() && std::equal(now.begin(), now.end(), next.begin(), [](const Node& a, const Node& b) {
    return a.type == b.type;
  });
  if (result != nullptr) *(int*)result = same ? 0 : 2; /* CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED */
  if (!same) return GRAPH_EXEC_UPDATE_FAILURE;
  now = next;
  return SUCCESS;
}
EMU_API int cuGraphExecDestroy(void* exec) {
  Lock lock(engine_lock());
  if (!is_handle(exec, Kind::EXEC)) return INVALID_VALUE;
  delete (Exec*)exec;
  return SUCCESS;
}
