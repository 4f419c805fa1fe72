package io.tatara.runtime.cuda;

import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Discovery;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the driver offers: the GPUs, numbered as the driver numbers them. */
record CudaDevices(List<Found> devices, List<String> absences) {
    /** The oldest driver whose functions suffice: CUDA 11.2 brought stream-ordered memory. */
    private static final int OLDEST_DRIVER = 11020;

    /**
     * A device that can be opened.
     *
     * @param arch compute capability × 10; that of the traits is lower where the compiler is older
     * @param early whether launches of a plan that may begin early do
     * @param nvrtc the compiler; null where there is none
     * @param ptx what travels in the jar instead; null where nothing does
     * @param tried where NVRTC was looked for
     */
    record Found(
            CudaDriver driver,
            int device,
            DeviceInfo info,
            GpuTraits traits,
            int arch,
            boolean cooperative,
            boolean early,
            Nvrtc nvrtc,
            PrecompiledPtx ptx,
            List<String> tried) {
        /** What can be done about a program that cannot be compiled here. */
        String compilerRemedy() {
            return "NVRTC was looked for in "
                    + String.join(", ", tried)
                    + "; "
                    + Compilers.REMEDY
                    + "; the same GPU is offered by OpenCL too (-Dtatara.device=opencl)";
        }
    }

    static CudaDevices none(String absence) {
        return new CudaDevices(List.of(), List.of(absence));
    }

    Discovery discovery() {
        return new Discovery(devices.stream().map(Found::info).toList(), absences);
    }

    /** Asks the driver for its devices. */
    static CudaDevices find(CudaDriver driver) {
        List<Found> found = new ArrayList<>();
        List<String> absences = new ArrayList<>();
        try {
            int version = driver.version();
            if (version < OLDEST_DRIVER) {
                return none(
                        "The CUDA driver is of CUDA "
                                + text(version)
                                + "; "
                                + text(OLDEST_DRIVER)
                                + " or newer is needed, and "
                                + CudaLibrary.REMEDY
                                + ".");
            }
            int n = driver.deviceCount();
            for (int i = 0; i < n; i++) {
                look(driver, i, version, found, absences);
            }
            if (n == 0) {
                absences.add(
                        "The CUDA driver is here, but no GPU that it drives (CUDA_VISIBLE_DEVICES hides some where it is set).");
            }
        } catch (CudaFailure e) {
            absences.add("The CUDA driver does not tell its devices (" + e.getMessage() + ").");
        }
        return new CudaDevices(found, absences);
    }

    private static String text(int version) {
        return version / 1000 + "." + version % 1000 / 10;
    }

    private static void look(
            CudaDriver driver, int i, int version, List<Found> found, List<String> absences) {
        try {
            int d = driver.device(i);
            Found f = describe(driver, d, i, version);
            found.add(f);
            if (f.nvrtc() == null && f.ptx() == null) {
                absences.add(
                        "CUDA device "
                                + i
                                + " ("
                                + f.info().name()
                                + ") is here, but nothing to compile kernels with: "
                                + f.compilerRemedy()
                                + ".");
            }
        } catch (CudaFailure e) {
            absences.add(
                    "CUDA device " + i + " does not describe itself (" + e.getMessage() + ").");
        }
    }

    private static boolean early(CudaDriver driver) {
        return !"off".equals(System.getProperty("tatara.cuda.early")) && driver.launchesEarly();
    }

    private static Found describe(CudaDriver driver, int d, int index, int version) {
        int arch =
                10 * driver.attribute(CudaDriver.MAJOR, d) + driver.attribute(CudaDriver.MINOR, d);
        Compilers.Result compiler = Compilers.find(arch, version);
        Nvrtc nvrtc = compiler.nvrtc();
        // Kernels for what the compiler does not know yet are not chosen.
        int usable = nvrtc == null ? arch : nvrtc.newest(arch);
        GpuTraits traits =
                new GpuTraits(
                        GpuTraits.Api.CUDA,
                        false,
                        driver.attribute(CudaDriver.MULTIPROCESSORS, d),
                        driver.attribute(CudaDriver.MAX_THREADS_PER_BLOCK, d),
                        driver.attribute(CudaDriver.MAX_SHARED_PER_BLOCK, d),
                        driver.attribute(CudaDriver.WARP_SIZE, d),
                        usable,
                        true,
                        driver.attribute(CudaDriver.MAX_SHARED_OPTIN, d),
                        1);
        Optional<PrecompiledPtx> ptx = nvrtc == null ? PrecompiledPtx.packed() : Optional.empty();
        long memory = driver.deviceMemory(d);
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("compute capability", arch / 10 + "." + arch % 10);
        facts.put("multiprocessors", String.valueOf(traits.computeUnits()));
        facts.put("memory", (memory >> 20) + " MiB");
        facts.put("clock", driver.attribute(CudaDriver.CLOCK_RATE, d) / 1000 + " MHz");
        facts.put("shared memory", traits.maxShared() / 1024 + " KiB");
        facts.put("driver", "CUDA " + text(version));
        facts.put(
                "compiler",
                nvrtc != null
                        ? nvrtc.toString()
                        : ptx.map(p -> "precompiled PTX (" + p.size() + " files)").orElse("none"));
        DeviceInfo info =
                new DeviceInfo(
                        CudaBackEnd.NAME,
                        index,
                        driver.deviceName(d),
                        "CUDA " + text(version),
                        DeviceInfo.Kind.GPU,
                        memory,
                        facts);
        return new Found(
                driver,
                d,
                info,
                traits,
                arch,
                driver.attribute(CudaDriver.COOPERATIVE_LAUNCH, d) != 0,
                traits.cuda(90) && version >= EarlyLaunch.DRIVER && early(driver),
                nvrtc,
                ptx.orElse(null),
                compiler.tried());
    }
}
