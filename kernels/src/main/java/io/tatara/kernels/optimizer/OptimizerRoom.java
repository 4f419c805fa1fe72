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
                            OptimizerGpu.SGD_FORMS,
                            OptimizerCases::sgd),
                    new OpEntry<>(
                            Adam.class,
                            "adam",
                            OptimizerReference::adam,
                            List.of(OptimizerJvm::adam),
                            OptimizerGpu.ADAM_FORMS,
                            OptimizerCases::adam),
                    new OpEntry<>(
                            Adagrad.class,
                            "adagrad",
                            OptimizerReference::adagrad,
                            List.of(OptimizerJvm::adagrad),
                            OptimizerGpu.ADAGRAD_FORMS,
                            AdaptiveCases::adagrad),
                    new OpEntry<>(
                            RmsProp.class,
                            "rms_prop",
                            OptimizerReference::rmsProp,
                            List.of(OptimizerJvm::rmsProp),
                            OptimizerGpu.RMS_PROP_FORMS,
                            AdaptiveCases::rmsProp),
                    new OpEntry<>(
                            LossScale.class,
                            "loss_scale",
                            OptimizerReference::lossScale,
                            List.of(OptimizerJvm::lossScale),
                            List.of(OptimizerGpu::lossScale),
                            AdaptiveCases::lossScale),
                    new OpEntry<>(
                            GlobalNorm.class,
                            "global_norm",
                            OptimizerReference::globalNorm,
                            List.of(OptimizerJvm::globalNorm),
                            OptimizerGpu.NORM_FORMS,
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
                            OptimizerGpu.SCALE_FORMS,
                            OptimizerCases::scaleAll));

    private OptimizerRoom() {}
}
