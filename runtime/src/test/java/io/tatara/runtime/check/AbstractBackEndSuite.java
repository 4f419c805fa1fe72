package io.tatara.runtime.check;

import io.tatara.kernels.DType;
import io.tatara.runtime.Device;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.Tatara;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * The correctness suite as JUnit tests, one for each case and direction. A back end's tests extend
 * it and name a device; where that device is absent the tests are skipped, with the reason.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class AbstractBackEndSuite {
    private final long begin = System.nanoTime();
    private final double most =
            Double.parseDouble(System.getProperty("tatara.check.seconds", "Infinity"));
    private Device device;

    /** The device's name, as {@link Tatara#open(String)} takes it. */
    protected abstract String deviceName();

    /**
     * What is run; {@code -Dtatara.op=NAME} limits it to one op, {@code -Dtatara.dtype=float16} to
     * cases with tensors of a type, {@code -Dtatara.check.seconds=N} the time: what begins later is
     * skipped.
     */
    protected Options options() {
        String dtype = System.getProperty("tatara.dtype");
        return Options.all()
                .withOp(System.getProperty("tatara.op"))
                .withDType(dtype == null ? null : DType.of(dtype))
                .withSize(Options.Size.QUICK);
    }

    @TestFactory
    List<DynamicNode> ops() {
        try {
            device = Tatara.open(deviceName());
        } catch (DeviceException e) {
            Assumptions.abort(e.getMessage());
        }
        Map<String, List<DynamicNode>> byOp = new LinkedHashMap<>();
        for (Check c : CorrectnessSuite.of(device, options()).checks()) {
            byOp.computeIfAbsent(c.op(), k -> new ArrayList<>())
                    .add(DynamicTest.dynamicTest(c.toString(), () -> run(c)));
        }
        List<DynamicNode> nodes = new ArrayList<>();
        byOp.forEach((op, tests) -> nodes.add(DynamicContainer.dynamicContainer(op, tests)));
        return nodes;
    }

    private void run(Check c) {
        if ((System.nanoTime() - begin) * 1e-9 > most) {
            Assumptions.abort("left out: the time of " + most + " s is spent");
        }
        Result r = c.run();
        if (r.status() == Result.Status.SKIPPED) {
            Assumptions.abort(r.message());
        }
        if (r.status() == Result.Status.FAILED) {
            Assertions.fail(r.toString(), r.cause());
        }
    }

    @AfterAll
    void closeDevice() {
        if (device != null) {
            device.close();
        }
    }
}
