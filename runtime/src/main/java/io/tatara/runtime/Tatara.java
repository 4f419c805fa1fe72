package io.tatara.runtime;

import io.tatara.runtime.spi.BackEnd;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Discovery;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/** The way in: finds devices and opens one. */
public final class Tatara {
    private static final System.Logger LOG = System.getLogger("io.tatara");

    private record Candidate(BackEnd backEnd, DeviceInfo device) {}

    private Tatara() {}

    /** What each back end found, or why it found nothing. */
    public static Map<String, Discovery> discover() {
        Map<String, Discovery> all = new LinkedHashMap<>();
        for (BackEnd b : backEnds()) {
            all.put(b.name(), b.discover());
        }
        return all;
    }

    /** All devices of all back ends, in order of automatic choice. */
    public static List<DeviceInfo> devices() {
        return candidates().stream().map(Candidate::device).toList();
    }

    /**
     * Opens the device named by {@code -Dtatara.device} or {@code TATARA_DEVICE}, else the best
     * one: a CUDA GPU, an OpenCL GPU, the JVM. Which one, and why, is logged.
     *
     * @throws DeviceException if the named device is not there: nothing else is taken in its place
     */
    public static Device open() {
        String named = System.getProperty("tatara.device", System.getenv("TATARA_DEVICE"));
        if (named != null && !named.isBlank()) {
            return open(named);
        }
        for (Candidate c : candidates()) {
            if (c.backEnd.priority(c.device) >= 0) {
                LOG.log(
                        System.Logger.Level.INFO,
                        "device {0} ({1}) was chosen; -Dtatara.device or TATARA_DEVICE names another",
                        c.device.id(),
                        c.device.name());
                return new Device(c.backEnd.open(c.device));
            }
        }
        throw new DeviceException("no back end has a device; " + absences());
    }

    /**
     * Opens a device by name: {@code jvm}, {@code opencl}, {@code opencl:1} (without a number: its
     * first).
     *
     * @throws DeviceException if there is no such device, saying which there are
     */
    public static Device open(String name) {
        String wanted = name.strip();
        for (BackEnd b : backEnds()) {
            if (!wanted.equals(b.name()) && !wanted.startsWith(b.name() + ":")) {
                continue; // the drivers of other back ends are not loaded for nothing
            }
            for (DeviceInfo d : b.discover().devices()) {
                if (d.id().equals(wanted) || (d.index() == 0 && wanted.equals(b.name()))) {
                    return new Device(b.open(d));
                }
            }
        }
        throw new DeviceException(
                "no device '"
                        + wanted
                        + "'; there are "
                        + devices().stream().map(DeviceInfo::id).toList()
                        + absences());
    }

    private static String absences() {
        StringBuilder s = new StringBuilder();
        discover()
                .forEach((name, d) ->
                        d.absences()
                                .forEach(a -> s.append("; ").append(name).append(": ").append(a)));
        return s.toString();
    }

    private static List<Candidate> candidates() {
        List<Candidate> list = new ArrayList<>();
        for (BackEnd b : backEnds()) {
            for (DeviceInfo d : b.discover().devices()) {
                list.add(new Candidate(b, d));
            }
        }
        list.sort(Comparator.comparingInt((Candidate c) -> -c.backEnd.priority(c.device)));
        return list;
    }

    private static List<BackEnd> backEnds() {
        List<BackEnd> list = new ArrayList<>();
        ServiceLoader.load(BackEnd.class, Tatara.class.getClassLoader()).forEach(list::add);
        list.sort(Comparator.comparing(BackEnd::name));
        return list;
    }
}
