package io.tatara.runtime.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Flight-recorder event: bytes were copied between host and device. */
@Name("tatara.Copy")
@Label("Copy")
@Category("Tatara")
@Description("bytes were copied between host and device")
@StackTrace(false)
public final class CopyEvent extends Event {
    @Label("Device")
    public String device;

    @Label("To device")
    public boolean upload;

    @Label("Bytes")
    public long bytes;
}
