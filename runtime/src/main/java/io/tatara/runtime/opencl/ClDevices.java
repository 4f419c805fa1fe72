package io.tatara.runtime.opencl;

import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Discovery;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/**
 * What OpenCL offers on this machine: usable devices, GPUs first, and why others are not among
 * them.
 */
record ClDevices(List<Found> devices, List<String> absences) {
    private static final int PLATFORM_NOT_FOUND = -1001; // of cl_khr_icd
    private static final int WARP_SIZE_NV = 0x4003;
    private static final int WAVEFRONT_WIDTH_AMD = 0x4043;
    private static final Pattern VERSION = Pattern.compile("OpenCL (\\d+)\\.(\\d+).*");

    /**
     * A device that can be opened.
     *
     * @param versions platform, device and driver versions, for the program cache
     */
    record Found(
            cl_platform_id platform,
            cl_device_id device,
            DeviceInfo info,
            GpuTraits traits,
            String versions) {}

    static ClDevices none(String absence) {
        return new ClDevices(List.of(), List.of(absence));
    }

    Discovery discovery() {
        return new Discovery(devices.stream().map(Found::info).toList(), absences);
    }

    /** Asks every platform for every device. OpenCL must be loaded. */
    static ClDevices find() {
        List<Found> found = new ArrayList<>();
        List<String> absences = new ArrayList<>();
        try {
            for (cl_platform_id p : platforms()) {
                try {
                    for (cl_device_id d : devices(p)) {
                        look(p, d, found, absences);
                    }
                } catch (CLException e) {
                    absences.add("OpenCL platform " + p + " fails (" + e.getMessage() + ").");
                }
            }
        } catch (CLException e) {
            absences.add(
                    "OpenCL does not tell its platforms ("
                            + e.getMessage()
                            + "); "
                            + ClLibrary.REMEDY
                            + ".");
            return new ClDevices(List.of(), absences);
        }
        if (found.isEmpty() && absences.isEmpty()) {
            absences.add(
                    "OpenCL is here, but no platform with a device (looked in OCL_ICD_VENDORS or /etc/OpenCL/vendors); "
                            + ClLibrary.REMEDY
                            + ".");
        }
        found.sort(Comparator.comparing(f -> rank(f.info().kind())));
        List<Found> numbered = new ArrayList<>();
        for (Found f : found) {
            DeviceInfo i = f.info();
            numbered.add(
                    new Found(
                            f.platform(),
                            f.device(),
                            new DeviceInfo(
                                    i.backEnd(),
                                    numbered.size(),
                                    i.name(),
                                    i.driver(),
                                    i.kind(),
                                    i.memory(),
                                    i.traits()),
                            f.traits(),
                            f.versions()));
        }
        return new ClDevices(numbered, absences);
    }

    private static int rank(DeviceInfo.Kind kind) {
        return switch (kind) {
            case GPU -> 0;
            case OTHER -> 1;
            case CPU -> 2;
        };
    }

    private static cl_platform_id[] platforms() {
        int[] count = new int[1];
        try {
            CL.clGetPlatformIDs(0, null, count);
        } catch (CLException e) {
            if (e.getStatus() == PLATFORM_NOT_FOUND) {
                return new cl_platform_id[0];
            }
            throw e;
        }
        cl_platform_id[] p = new cl_platform_id[count[0]];
        if (p.length > 0) {
            CL.clGetPlatformIDs(p.length, p, null);
        }
        return p;
    }

    private static cl_device_id[] devices(cl_platform_id p) {
        int[] count = new int[1];
        try {
            CL.clGetDeviceIDs(p, CL.CL_DEVICE_TYPE_ALL, 0, null, count);
        } catch (CLException e) {
            if (e.getStatus() == CL.CL_DEVICE_NOT_FOUND) {
                return new cl_device_id[0];
            }
            throw e;
        }
        cl_device_id[] d = new cl_device_id[count[0]];
        if (d.length > 0) {
            CL.clGetDeviceIDs(p, CL.CL_DEVICE_TYPE_ALL, d.length, d, null);
        }
        return d;
    }

    private static void look(
            cl_platform_id p, cl_device_id d, List<Found> found, List<String> absences) {
        try {
            String name = ClInfo.text(d, CL.CL_DEVICE_NAME);
            String version = ClInfo.text(d, CL.CL_DEVICE_VERSION);
            Matcher m = VERSION.matcher(version);
            if (!m.matches()
                    || Integer.parseInt(m.group(1)) * 10 + Integer.parseInt(m.group(2)) < 12) {
                absences.add(
                        "OpenCL device "
                                + name
                                + " speaks "
                                + version
                                + "; OpenCL 1.2 or newer is needed.");
            } else if (ClInfo.number(d, CL.CL_DEVICE_AVAILABLE) == 0
                    || ClInfo.number(d, CL.CL_DEVICE_COMPILER_AVAILABLE) == 0) {
                absences.add(
                        "OpenCL device "
                                + name
                                + " is not available, or its driver has no compiler.");
            } else {
                found.add(describe(p, d, name, version));
            }
        } catch (CLException e) {
            absences.add("An OpenCL device does not describe itself (" + e.getMessage() + ").");
        }
    }

    private static Found describe(cl_platform_id p, cl_device_id d, String name, String version) {
        String platform = ClInfo.text(p, CL.CL_PLATFORM_NAME);
        String driver = ClInfo.text(d, CL.CL_DRIVER_VERSION);
        String extensions = " " + ClInfo.text(d, CL.CL_DEVICE_EXTENSIONS) + " ";
        long type = ClInfo.number(d, CL.CL_DEVICE_TYPE);
        // A simulator is every type at once: not a GPU to be chosen.
        DeviceInfo.Kind kind =
                (type & CL.CL_DEVICE_TYPE_CPU) != 0
                        ? DeviceInfo.Kind.CPU
                        : (type & CL.CL_DEVICE_TYPE_GPU) != 0
                                ? DeviceInfo.Kind.GPU
                                : DeviceInfo.Kind.OTHER;
        GpuTraits traits =
                new GpuTraits(
                        GpuTraits.Api.OPENCL,
                        kind == DeviceInfo.Kind.CPU,
                        (int) ClInfo.number(d, CL.CL_DEVICE_MAX_COMPUTE_UNITS),
                        (int)
                                Math.min(
                                        ClInfo.number(d, CL.CL_DEVICE_MAX_WORK_GROUP_SIZE),
                                        ClInfo.numbers(d, CL.CL_DEVICE_MAX_WORK_ITEM_SIZES, 3)[0]),
                        ClInfo.number(d, CL.CL_DEVICE_LOCAL_MEM_SIZE),
                        subgroup(d, extensions),
                        0,
                        extensions.contains(" cl_khr_fp16 "),
                        0,
                        kind == DeviceInfo.Kind.CPU
                                ? (int) ClInfo.number(d, CL.CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT)
                                : 1);
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("version", version);
        facts.put("platform", ClInfo.text(p, CL.CL_PLATFORM_VERSION));
        facts.put("driver", driver);
        facts.put("compute units", String.valueOf(traits.computeUnits()));
        facts.put("clock", ClInfo.number(d, CL.CL_DEVICE_MAX_CLOCK_FREQUENCY) + " MHz");
        facts.put("local memory", traits.localMemory() / 1024 + " KiB");
        facts.put(
                "largest allocation",
                (ClInfo.number(d, CL.CL_DEVICE_MAX_MEM_ALLOC_SIZE) >> 20) + " MiB");
        facts.put("max work-group", String.valueOf(traits.maxWorkGroup()));
        facts.put("fp16", traits.fp16() ? "yes" : "no");
        facts.put("subgroups", traits.subgroup() == 0 ? "no" : String.valueOf(traits.subgroup()));
        DeviceInfo info =
                new DeviceInfo(
                        OpenClBackEnd.NAME,
                        0,
                        name,
                        platform + " " + driver,
                        kind,
                        ClInfo.number(d, CL.CL_DEVICE_GLOBAL_MEM_SIZE),
                        facts);
        return new Found(
                p,
                d,
                info,
                traits,
                String.join("|", facts.get("platform"), platform, version, driver));
    }

    /** Width of a subgroup where the device has them and always the same one. */
    private static int subgroup(cl_device_id d, String extensions) {
        if (!extensions.contains(" cl_khr_subgroups ")) {
            return 0;
        }
        if (extensions.contains(" cl_nv_device_attribute_query ")) {
            return (int) ClInfo.number(d, WARP_SIZE_NV);
        }
        if (extensions.contains(" cl_amd_device_attribute_query ")) {
            return (int) ClInfo.number(d, WAVEFRONT_WIDTH_AMD);
        }
        return 0;
    }
}
