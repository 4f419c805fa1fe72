package io.tatara.kernels.optimizer;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class OptimizerRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            Sgd.class,
                            "sgd",
                            OptimizerReference::sgd,
                            List.of(OptimizerJvm::sgd),
                            List.of(OptimizerGpu::sgd),
                            OptimizerCases::sgd),
                    new OpEntry<>(
                            Adam.class,
                            "adam",
                            OptimizerReference::adam,
                            List.of(OptimizerJvm::adam),
                            List.of(OptimizerGpu::adam),
                            OptimizerCases::adam),
                    new OpEntry<>(
                            GlobalNorm.class,
                            "global_norm",
                            OptimizerReference::globalNorm,
                            List.of(OptimizerJvm::globalNorm),
                            List.of(OptimizerGpu::globalNorm),
                            OptimizerCases::globalNorm),
                    new OpEntry<>(
                            ClipScale.class,
                            "clip_scale",
                            OptimizerReference::clipScale,
                            List.of(OptimizerJvm::clipScale),
                            List.of(OptimizerGpu::clipScale),
                            OptimizerCases::clipScale),
                    new OpEntry<>(
                            ScaleAll.class,
                            "scale_all",
                            OptimizerReference::scaleAll,
                            List.of(OptimizerJvm::scaleAll),
                            List.of(OptimizerGpu::scaleAll),
                            OptimizerCases::scaleAll));

    private OptimizerRoom() {}
}
