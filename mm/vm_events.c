/*
 * The counters of /proc/vmstat and their names.
 */
#include <vm_events.h>

#include <assert.h>

uint32_t vm_events[VM_EVENTS_COUNT];

const char *vm_event_name(enum vm_event event)
{
	static const char *const names[VM_EVENTS_COUNT] = {
#define VM_EVENT(which, name) [VM_EVENT_##which] = name,
		VM_EVENTS(VM_EVENT)
#undef VM_EVENT
	};

	assert(event < VM_EVENTS_COUNT);
	return names[event];
}
