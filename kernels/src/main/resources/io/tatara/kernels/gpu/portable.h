/* The neutral macros of Tatara's portable kernels: one text, OpenCL C 1.2 and CUDA C. No include, plain
 * C99, arguments are pointers, ints and floats. Rules: shared arrays stand at kernel scope (SHARED
 * declares, SHARED_PTR passes on); every work-item of a group reaches every BARRIER; each macro parameter
 * of a source has a default in that source, so that it compiles alone.
 *
 * Storage: tensors of real numbers are `GLOBAL ELEM*`, read by LD, written by ST, computed in float.
 * STORAGE chooses float32 (0), float16 (1) or bfloat16 (2). */
#define @API@ 1

#ifndef STORAGE
#define STORAGE 0
#endif

#ifdef TATARA_OPENCL
#define KERNEL __kernel
#define KERNEL_SIZED(x, y, z) __kernel __attribute__((reqd_work_group_size(x, y, z)))
#define DEVICE
#define GLOBAL __global
#define SHARED __local
#define SHARED_PTR __local
#define RESTRICT restrict
#define LOCAL_ID(d) ((int)get_local_id(d))
#define LOCAL_SIZE(d) ((int)get_local_size(d))
#define GROUP_ID(d) ((int)get_group_id(d))
#define GROUP_COUNT(d) ((int)get_num_groups(d))
#define GLOBAL_ID(d) ((int)get_global_id(d))
#define BARRIER() barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)
#define EXPF(x) exp((float)(x))
#define LOGF(x) log((float)(x))
#define LOG1PF(x) log1p((float)(x))
#define EXPM1F(x) expm1((float)(x))
#define TANHF(x) tanh((float)(x))
#define SQRTF(x) sqrt((float)(x))
#define RSQRTF(x) rsqrt((float)(x))
#define ERFF(x) erf((float)(x))
#define SINF(x) sin((float)(x))
#define COSF(x) cos((float)(x))
#define POWF(x, y) pow((float)(x), (float)(y))
#define FABSF(x) fabs((float)(x))
#define FLOORF(x) floor((float)(x))
#define FMAXF(x, y) fmax((float)(x), (float)(y))
#define FMINF(x, y) fmin((float)(x), (float)(y))
#define FMA(x, y, z) fma((float)(x), (float)(y), (float)(z))
#define MULHI(x, y) mul_hi((uint)(x), (uint)(y))
#define IS_NAN(x) isnan((float)(x))
#define AS_UINT(x) as_uint(x)
#define AS_FLOAT(x) as_float(x)
#define POS_INF INFINITY
#define MAKE4(a, b, c, d) ((float4)(a, b, c, d))
#define LOADF4(p, i) vload4(0, (p) + (i))
#define STOREF4(p, i, v) vstore4(v, 0, (p) + (i))
#define UNROLL
#else
#ifdef __CUDACC__
#pragma nv_diag_suppress 177 /* headers of device functions of which a program uses some */
#endif
typedef unsigned int uint;
typedef unsigned short ushort;
#define KERNEL extern "C" __global__
#define KERNEL_SIZED(x, y, z) extern "C" __global__ __launch_bounds__((x) * (y) * (z), 1)
#define DEVICE static __device__ __forceinline__
#define GLOBAL
#define SHARED __shared__
#define SHARED_PTR
#define RESTRICT __restrict__
#define CUDA_DIM(v, d) ((int)((d) == 0 ? v.x : (d) == 1 ? v.y : v.z))
#define LOCAL_ID(d) CUDA_DIM(threadIdx, d)
#define LOCAL_SIZE(d) CUDA_DIM(blockDim, d)
#define GROUP_ID(d) CUDA_DIM(blockIdx, d)
#define GROUP_COUNT(d) CUDA_DIM(gridDim, d)
#define GLOBAL_ID(d) (GROUP_ID(d) * LOCAL_SIZE(d) + LOCAL_ID(d))
#define BARRIER() __syncthreads()
#define EXPF(x) expf(x)
#define LOGF(x) logf(x)
#define LOG1PF(x) log1pf(x)
#define EXPM1F(x) expm1f(x)
#define TANHF(x) tanhf(x)
#define SQRTF(x) sqrtf(x)
#define RSQRTF(x) rsqrtf(x)
#define ERFF(x) erff(x)
#define SINF(x) sinf(x)
#define COSF(x) cosf(x)
#define POWF(x, y) powf(x, y)
#define FABSF(x) fabsf(x)
#define FLOORF(x) floorf(x)
#define FMAXF(x, y) fmaxf(x, y)
#define FMINF(x, y) fminf(x, y)
#define FMA(x, y, z) fmaf(x, y, z)
#define MULHI(x, y) __umulhi(x, y)
#define IS_NAN(x) ((x) != (x))
#define AS_UINT(x) __float_as_uint(x)
#define AS_FLOAT(x) __uint_as_float(x)
#define POS_INF __uint_as_float(0x7f800000u)
#define MAKE4(a, b, c, d) make_float4(a, b, c, d)
#define LOADF4(p, i) (*(const float4*)((p) + (i)))
#define STOREF4(p, i, v) (*(float4*)((p) + (i)) = (v))
#define UNROLL _Pragma("unroll")
#endif

/* ELEM_s, LD_s and ST_s for each storage s; a source that mixes two writes them as ELEM_OF(s), LD_OF(s, p, i) and
 * ST_OF(s, p, i, v), where s may be a macro. */
#define ELEM_0 float
#define LD_0(p, i) ((p)[i])
#define ST_0(p, i, v) ((p)[i] = (v))
#ifdef TATARA_OPENCL
#define ELEM_1 half
#define LD_1(p, i) vload_half(i, p)
#define ST_1(p, i, v) vstore_half_rte(v, i, p)
#else
#define ELEM_1 ushort
#ifndef TATARA_EMULATION
DEVICE float tatara_from_half(ushort h) { float f; asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(h)); return f; }
DEVICE ushort tatara_to_half(float f) { ushort h; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(f)); return h; }
#endif
#define LD_1(p, i) tatara_from_half((p)[i])
#define ST_1(p, i, v) ((p)[i] = tatara_to_half(v))
#endif
#define ELEM_2 ushort
DEVICE float tatara_from_bf16(ushort h) { return AS_FLOAT(((uint)h) << 16); }
DEVICE ushort tatara_to_bf16(float f) {
  uint u = AS_UINT(f);
  if ((u & 0x7fffffffu) > 0x7f800000u) return (ushort)((u >> 16) | 0x40u); /* NaN stays NaN */
  return (ushort)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);                 /* to nearest even */
}
#define LD_2(p, i) tatara_from_bf16((p)[i])
#define ST_2(p, i, v) ((p)[i] = tatara_to_bf16(v))
#define PASTE_NOW(x, y) x##y
#define PASTE(x, y) PASTE_NOW(x, y)
#define ELEM_OF(s) PASTE(ELEM_, s)
#define LD_OF(s, p, i) PASTE(LD_, s)(p, i)
#define ST_OF(s, p, i, v) PASTE(ST_, s)(p, i, v)
#if STORAGE == 0
#define ELEM ELEM_0
#define LD(p, i) LD_0(p, i)
#define ST(p, i, v) ST_0(p, i, v)
#elif STORAGE == 1
#define ELEM ELEM_1
#define LD(p, i) LD_1(p, i)
#define ST(p, i, v) ST_1(p, i, v)
#else
#define ELEM ELEM_2
#define LD(p, i) LD_2(p, i)
#define ST(p, i, v) ST_2(p, i, v)
#endif
