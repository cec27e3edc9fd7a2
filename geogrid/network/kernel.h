/* What the compiled kernel's files share. Called through ctypes: nothing of Python is needed to build it. */
#ifndef GEOGRID_KERNEL_H
#define GEOGRID_KERNEL_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

#ifdef __GNUC__
#define PREFETCH(place) __builtin_prefetch(place)
#else
#define PREFETCH(place) ((void)0)
#endif

#define OUT_OF_MEMORY (-1)
#define KERNEL_VERSION 1 /* as in kernel.py; grows when an argument or a field changes its meaning */

#endif
