package io.tatara.kernels.layout;

import io.tatara.kernels.OpEntry;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import java.util.List;

/** The lines of this room in the op table. */
public final class LayoutRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            Fill.class,
                            "fill",
                            FillKernels::reference,
                            List.of(FillKernels::jvm),
                            List.of(FillKernels::gpu),
                            LayoutRoom::fillCases));

    private LayoutRoom() {}

    private static List<Case> fillCases() {
        return List.of(
                Case.of("one", new Fill(TensorSpec.f32(1), 2.5)).exact(),
                Case.of("empty", new Fill(TensorSpec.f32(0, 3), 1)).exact(),
                Case.of("odd", new Fill(TensorSpec.f32(7, 13, 3), -1)).exact(),
                Case.of("ints", new Fill(TensorSpec.i32(5, 3), 42)).exact());
    }
}
