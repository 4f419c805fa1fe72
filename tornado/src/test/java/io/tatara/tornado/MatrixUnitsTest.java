package io.tatara.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.MatMul;
import io.tatara.runtime.check.Check;
import io.tatara.runtime.check.CorrectnessSuite;
import io.tatara.runtime.check.Options;
import io.tatara.runtime.check.Result;
import io.tatara.runtime.spi.DeviceInfo;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * Plans for matrix units on a device without any, on kernels that stand for those of CUDA: places,
 * padding, batches, epilogues. The kernels themselves need a GPU.
 */
class MatrixUnitsTest {
    private static final GpuTraits TRAITS =
            new GpuTraits(GpuTraits.Api.OPENCL, false, 4, 256, 32768, 0, 0, false, 0, 1);

    private static KernelTable.Entry with(KernelTable.Entry e, KernelTable.Code code) {
        return new KernelTable.Entry(
                e.number(), e.name(), e.defines(), e.base(), e.ints(), code, e.planner());
    }

    private static void takesThem(TornadoDevice device, KernelTable.Entry kernel, DType type) {
        TensorSpec s = TensorSpec.of(type, 70, 70);
        TensorSpec[] one = {s};
        LaunchPlan plan = device.plan(MatMul.plain(), new TensorSpec[] {s, s}, one);
        assertThat(plan.steps())
                .extracting(LaunchPlan.Step::kernel)
                .containsExactly(kernel, KernelTable.MMA_FINISH, KernelTable.PACK);
    }

    @Test
    void productsOfPackedNumbers() {
        TornadoBackEnd backEnd = new TornadoBackEnd();
        List<DeviceInfo> devices = backEnd.discover().devices();
        Assumptions.assumeFalse(devices.isEmpty(), () -> backEnd.discover().absences().toString());
        List<KernelTable.Entry> kernels = new ArrayList<>(KernelTable.portable());
        kernels.add(with(KernelTable.MMA_FLOAT16, StandIns::tileOfFloat16));
        kernels.add(with(KernelTable.MMA_BFLOAT16, StandIns::tileOfBfloat16));
        kernels.add(KernelTable.MMA_FINISH);
        var first = TornadoRuntimeProvider.getTornadoRuntime().getBackend(0).getDevice(0);
        Session session = new Session(first, 1 << 24, 1 << 22, kernels);
        try (TornadoDevice device = new TornadoDevice(devices.getFirst(), TRAITS, session, true)) {
            takesThem(device, KernelTable.MMA_FLOAT16, DType.FLOAT16);
            takesThem(device, KernelTable.MMA_BFLOAT16, DType.BFLOAT16);
            for (DType type : new DType[] {DType.FLOAT16, DType.BFLOAT16}) {
                for (String op : new String[] {"matmul", "matmul_strided"}) {
                    Options options =
                            Options.all()
                                    .withOp(op)
                                    .withDType(type)
                                    .withSize(Options.Size.SMALLEST);
                    List<Check> checks = new CorrectnessSuite(device, options).checks();
                    assertThat(checks).isNotEmpty();
                    for (Check c : checks) {
                        Result r = c.run();
                        assertThat(r.status()).as(r.toString()).isNotEqualTo(Result.Status.FAILED);
                    }
                }
            }
        }
    }
}
