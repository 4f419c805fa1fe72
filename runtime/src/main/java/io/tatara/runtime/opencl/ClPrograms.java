package io.tatara.runtime.opencl;

import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.runtime.CompilationException;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.cache.ProgramText;
import io.tatara.runtime.events.CompileEvent;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_program;

/**
 * Compiled programs of a device, each made once: from the cache on disk or by the driver's
 * compiler.
 */
final class ClPrograms {
    private static final System.Logger LOG = System.getLogger(ClPrograms.class.getName());

    private final ClDevices.Found found;
    private final cl_context context;
    private final ProgramCache cache;
    private final String options;
    private final ConcurrentHashMap<GpuProgram, cl_program> programs = new ConcurrentHashMap<>();

    ClPrograms(ClDevices.Found found, cl_context context, ProgramCache cache) {
        this.found = found;
        this.context = context;
        this.cache = cache;
        this.options = options(found.device());
    }

    /**
     * No fast mathematics: NaN and infinity are defined results, and denormals stay where the
     * device has them. Division and square root are correctly rounded where the device can, as
     * CUDA's are.
     */
    private static String options(cl_device_id d) {
        boolean rounded =
                (ClInfo.number(d, CL.CL_DEVICE_SINGLE_FP_CONFIG)
                                & CL.CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT)
                        != 0;
        return rounded ? "-cl-std=CL1.2 -cl-fp32-correctly-rounded-divide-sqrt" : "-cl-std=CL1.2";
    }

    /**
     * @throws CompilationException with log and lines where the compiler refuses the source
     */
    cl_program get(GpuProgram p) {
        return programs.computeIfAbsent(p, this::make);
    }

    private cl_program make(GpuProgram p) {
        CompileEvent event = new CompileEvent();
        event.begin();
        ProgramText text = ProgramText.of(GpuTraits.Api.OPENCL, p);
        String key =
                ProgramCache.key(
                        OpenClBackEnd.NAME,
                        text.text(),
                        options,
                        found.info().name(),
                        found.versions());
        Optional<cl_program> cached = cache.get(key).map(this::load);
        if (cached.isEmpty()) {
            cache.drop(key);
        }
        cl_program program = cached.orElseGet(() -> compile(text, key));
        event.program = text.name();
        event.device = found.info().id();
        event.cached = cached.isPresent();
        event.commit();
        return program;
    }

    /** A program from a kept binary; null where the driver refuses it. */
    private cl_program load(byte[] binary) {
        cl_program program = null;
        try {
            program =
                    CL.clCreateProgramWithBinary(
                            context,
                            1,
                            new cl_device_id[] {found.device()},
                            new long[] {binary.length},
                            new byte[][] {binary},
                            new int[1],
                            null);
            build(program);
            return program;
        } catch (CLException e) {
            LOG.log(
                    Level.DEBUG,
                    () -> found.info().id() + " refuses a kept binary: " + e.getMessage());
            release(program);
            return null;
        }
    }

    private void build(cl_program program) {
        try {
            CL.clBuildProgram(program, 1, new cl_device_id[] {found.device()}, options, null, null);
        } finally {
            SignalGuard.restore();
        }
    }

    private cl_program compile(ProgramText text, String key) {
        cl_program program =
                CL.clCreateProgramWithSource(context, 1, new String[] {text.text()}, null, null);
        try {
            build(program);
        } catch (CLException e) {
            try {
                String log = ClInfo.buildLog(program, found.device());
                throw new CompilationException(
                        text.name(),
                        log.isEmpty()
                                ? CL.stringFor_errorCode(e.getStatus()) + ", without a log"
                                : log,
                        text.excerpt(log));
            } finally {
                release(program);
            }
        }
        try {
            byte[] binary = ClInfo.binary(program);
            if (binary.length > 0) {
                cache.put(key, binary);
            }
        } catch (CLException e) {
            LOG.log(
                    Level.DEBUG,
                    () ->
                            found.info().id()
                                    + " gives no binary of "
                                    + text.name()
                                    + ": "
                                    + e.getMessage());
        }
        return program;
    }

    private static void release(cl_program p) {
        if (p != null) {
            CL.clReleaseProgram(p);
        }
    }

    void close() {
        programs.values().forEach(CL::clReleaseProgram);
        programs.clear();
    }
}
