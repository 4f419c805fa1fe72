package io.tatara.runtime.cuda;

import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.runtime.CompilationException;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.cache.ProgramText;
import io.tatara.runtime.events.CompileEvent;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Compiled programs of a device, each made once: from the cache on disk, by NVRTC, or from the PTX
 * in the jar. All calls are made in the context.
 */
final class CudaPrograms {
    private static final System.Logger LOG = System.getLogger("io.tatara.cuda");

    private final CudaDevices.Found found;
    private final CudaDriver driver;
    private final ProgramCache cache;
    private final boolean strict = Boolean.getBoolean("tatara.cuda.strict");
    private final boolean cubin;
    private final List<String> options;
    private final ConcurrentHashMap<GpuProgram, Long> modules = new ConcurrentHashMap<>();

    CudaPrograms(CudaDevices.Found found, ProgramCache cache) {
        this.found = found;
        this.driver = found.driver();
        this.cache = cache;
        this.cubin = found.nvrtc() != null && found.nvrtc().compiles(found.arch());
        this.options = options(found.traits().arch(), cubin);
    }

    /**
     * No fast mathematics: NaN and infinity are defined results, division and square root are
     * correctly rounded, denormals stay. Products and sums are fused, as the references' tolerances
     * allow.
     *
     * @param cubin machine code for this chip; else PTX, which the driver compiles, for a chip that
     *     is newer than the compiler
     */
    static List<String> options(int arch, boolean cubin) {
        String name = (cubin ? "sm_" : "compute_") + arch + (arch == 90 && cubin ? "a" : "");
        return List.of("--gpu-architecture=" + name, "--fmad=true", "--std=c++17");
    }

    /** Whether all programs of a plan can be had; without a compiler those of the jar alone can. */
    boolean has(GpuPlan plan) {
        return found.nvrtc() != null
                || plan.launches().stream()
                        .allMatch(l -> found.ptx().holds(l.program(), found.arch()));
    }

    /**
     * The program's module.
     *
     * @throws CompilationException with log and lines where the compiler refuses the source
     */
    long get(GpuProgram p) {
        return modules.computeIfAbsent(p, this::make);
    }

    private long make(GpuProgram p) {
        CompileEvent event = new CompileEvent();
        event.begin();
        ProgramText text = ProgramText.of(GpuTraits.Api.CUDA, p);
        boolean[] cached = new boolean[1];
        long module = found.nvrtc() == null ? packed(p, text) : compiled(text, cached);
        event.program = text.name();
        event.device = found.info().id();
        event.cached = cached[0];
        event.commit();
        return module;
    }

    private long packed(GpuProgram p, ProgramText text) {
        byte[] ptx =
                Optional.ofNullable(found.ptx())
                        .flatMap(x -> x.get(p, found.arch()))
                        .orElseThrow(() ->
                                new DeviceException(
                                        found.info().id()
                                                + ": "
                                                + text.name()
                                                + " is not among the precompiled programs; "
                                                + found.compilerRemedy()));
        return ptx(ptx, text);
    }

    private long ptx(byte[] ptx, ProgramText text) {
        StringBuilder log = new StringBuilder();
        try {
            return driver.loadPtx(ptx, log);
        } catch (CudaFailure e) {
            if (CudaErrors.image(e)) {
                throw new CompilationException(
                        text.name(),
                        "the driver refuses its PTX: " + e.getMessage() + "\n" + log,
                        "");
            }
            throw e;
        }
    }

    private long compiled(ProgramText text, boolean[] cached) {
        String key =
                ProgramCache.key(
                        CudaBackEnd.NAME,
                        text.name(),
                        text.text(),
                        String.join(" ", options),
                        found.nvrtc().identity(),
                        String.valueOf(strict));
        Optional<byte[]> kept = cache.get(key);
        if (kept.isPresent()) {
            try {
                long module = load(kept.get(), text);
                cached[0] = true;
                return module;
            } catch (CompilationException e) {
                LOG.log(Level.DEBUG, () -> found.info().id() + " refuses a kept binary: " + e);
                cache.drop(key);
            }
        }
        byte[] image = compile(text);
        long module = load(image, text);
        cache.put(key, image);
        return module;
    }

    private byte[] compile(ProgramText text) {
        Nvrtc.Compiled c;
        try {
            c = found.nvrtc().compile(text.name(), text.text(), options, cubin);
        } catch (IllegalStateException e) {
            throw new DeviceException(
                    found.info().id()
                            + ": "
                            + found.nvrtc()
                            + " fails at "
                            + text.name()
                            + ": "
                            + e.getMessage(),
                    e);
        }
        String log = c.log().strip();
        if (c.image() == null || (strict && !log.isEmpty())) {
            throw new CompilationException(
                    text.name(), log.isEmpty() ? "without a log" : log, text.excerpt(log));
        }
        if (!log.isEmpty()) {
            // Such as "setmaxnreg ignored": the kernel works, and is slow.
            LOG.log(Level.WARNING, "{0}: {1}\n{2}", text.name(), log, text.excerpt(log));
        }
        return c.image();
    }

    private long load(byte[] image, ProgramText text) {
        if (!cubin) {
            return ptx(image, text);
        }
        try {
            return driver.load(image);
        } catch (CudaFailure e) {
            if (CudaErrors.image(e)) {
                throw new CompilationException(
                        text.name(),
                        "the driver ("
                                + found.info().driver()
                                + ") refuses what "
                                + found.nvrtc()
                                + " made: "
                                + e.getMessage()
                                + "; an NVRTC no newer than the driver helps (-Dtatara.nvrtc=PATH)",
                        "");
            }
            throw e;
        }
    }

    void close() {
        modules.values().forEach(driver::unload);
        modules.clear();
    }
}
