package io.tatara.runtime.cuda;

import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.gpu.PtxIndex;
import io.tatara.runtime.spi.DeviceInfo;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A driver that computes nothing and writes down what it is asked: for the order of calls, and for
 * errors that no real driver gives on demand.
 */
final class FakeDriver {
    /** The calls so far, as {@code name(arguments)}. */
    final List<String> calls = new ArrayList<>();

    /** What calls do instead of giving a new number, by name. */
    final Map<String, Function<Object[], Object>> answers = new HashMap<>();

    private long next = 0x1000;

    FakeDriver() {
        answers.put("attribute", a -> (int) a[0] == CudaDriver.COOPERATIVE_LAUNCH ? 1 : 1 << 20);
        answers.put(
                "functionAttribute", a -> (int) a[0] == CudaDriver.FUNCTION_MAX_THREADS ? 1024 : 0);
        answers.put("parameters", a -> null);
        answers.put("occupancy", a -> 2);
        answers.put("done", a -> true);
        answers.put("elapsed", a -> 1f);
        answers.put("memory", a -> new long[] {100, 200});
        answers.put("allocateHost", a -> Arena.ofAuto().allocate((long) a[0], 64));
    }

    CudaDriver driver() {
        return (CudaDriver)
                Proxy.newProxyInstance(
                        CudaDriver.class.getClassLoader(),
                        new Class<?>[] {CudaDriver.class},
                        (p, m, a) -> {
                            if (!m.getName().endsWith("Context")
                                    && !m.getName().equals("makeCurrent")) {
                                calls.add(m.getName() + text(a));
                            }
                            Function<Object[], Object> f = answers.get(m.getName());
                            if (f != null) {
                                return f.apply(a);
                            }
                            return switch (m.getReturnType().getName()) {
                                case "long" -> next += 0x100;
                                case "int" -> 0;
                                default -> null;
                            };
                        });
    }

    private static String text(Object[] a) {
        return a == null
                ? "()"
                : Arrays.stream(a)
                        .map(x -> x instanceof MemorySegment || x instanceof byte[] ? "*" : "" + x)
                        .toList()
                        .toString();
    }

    /** Makes the next call of this name fail, once. */
    void fail(String name, int code) {
        Function<Object[], Object> before = answers.get(name);
        answers.put(
                name,
                a -> {
                    if (before == null) {
                        answers.remove(name);
                    } else {
                        answers.put(name, before);
                    }
                    throw new CudaFailure(name, code, "CUDA_ERROR_" + code);
                });
    }

    /** The calls since the last time, of these names. */
    List<String> drain(String... names) {
        List<String> some =
                calls.stream()
                        .filter(c ->
                                Arrays.stream(names)
                                        .anyMatch(n ->
                                                c.startsWith(n + "[") || c.startsWith(n + "(")))
                        .toList();
        calls.clear();
        return some;
    }

    /** A device over this driver that can run these programs. */
    CudaDevices.Found found(GpuProgram... programs) {
        StringBuilder index = new StringBuilder();
        for (GpuProgram p : programs) {
            index.append(PtxIndex.key(p)).append(" 75 p.xz 0 3\n");
        }
        ClassLoader loader =
                new ClassLoader(null) {
                    @Override
                    public InputStream getResourceAsStream(String name) {
                        return new ByteArrayInputStream(
                                name.equals(PtxIndex.RESOURCE)
                                        ? index.toString().getBytes(StandardCharsets.UTF_8)
                                        : PrecompiledPtxTest.xz("PTX"));
                    }
                };
        GpuTraits traits = GpuTraits.cuda(90, 4);
        DeviceInfo info =
                new DeviceInfo("cuda", 0, "fake", "none", DeviceInfo.Kind.GPU, 1L << 30, Map.of());
        return new CudaDevices.Found(
                driver(),
                0,
                info,
                traits,
                90,
                true,
                true,
                null,
                PrecompiledPtx.packed(loader).orElse(null),
                List.of("/looked/here"));
    }
}
