package io.tatara.runtime.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Flight-recorder event: a kernel program was compiled or read from the cache. */
@Name("tatara.Compile")
@Label("Kernel compile")
@Category("Tatara")
@Description("a kernel program was compiled or read from the cache")
@StackTrace(false)
public final class CompileEvent extends Event {
    @Label("Program")
    public String program;

    @Label("Device")
    public String device;

    @Label("From cache")
    public boolean cached;
}
