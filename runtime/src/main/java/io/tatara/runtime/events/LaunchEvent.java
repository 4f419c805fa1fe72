package io.tatara.runtime.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Flight-recorder event: an op was run or enqueued. */
@Name("tatara.Launch")
@Label("Op launch")
@Category("Tatara")
@Description("an op was run or enqueued")
@StackTrace(false)
public final class LaunchEvent extends Event {
    @Label("Op")
    public String op;

    @Label("Device")
    public String device;

    @Label("Outputs")
    public String outputs;
}
