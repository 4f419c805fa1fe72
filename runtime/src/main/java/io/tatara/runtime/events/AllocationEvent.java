package io.tatara.runtime.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Flight-recorder event: the pool asked the device for memory. */
@Name("tatara.Allocation")
@Label("Device allocation")
@Category("Tatara")
@Description("the pool asked the device for memory")
@StackTrace(false)
public final class AllocationEvent extends Event {
    @Label("Device")
    public String device;

    @Label("Bytes")
    public long bytes;
}
