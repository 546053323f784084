// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "save.h"

int save_call(int fd, u32 flags, void *data, u32 *count, u32 *state)
{
	struct hv_input_save_partition_state in = { .flags = flags };
	static struct hv_output_save_partition_state out;
	int ret = vmm_call(fd, HVCALL_SAVE_PARTITION_STATE, &in, sizeof(in), &out, sizeof(out));

	if (ret)
		return ret;
	if (out.save_data_count > SAVE_CHUNK)
		vmm_die("%u bytes of saved state", out.save_data_count);
	memcpy(data, out.save_data, out.save_data_count);
	*count = out.save_data_count;
	*state = out.save_state;
	return 0;
}

int restore_call(int fd, u32 flags, const void *data, u32 *count, u32 *state)
{
	static struct hv_input_restore_partition_state in;
	struct hv_output_restore_partition_state out;
	int ret;

	in.partition_id = 0;
	in.flags = flags;
	in.restore_data_count = *count;
	if (*count <= SAVE_CHUNK)
		memcpy(in.restore_data, data, *count);
	ret = vmm_call(fd, HVCALL_RESTORE_PARTITION_STATE, &in, sizeof(in), &out, sizeof(out));
	if (ret)
		return ret;
	if (out.restore_data_consumed > *count)
		vmm_die("%u of %u bytes consumed", out.restore_data_consumed, *count);
	*count = out.restore_data_consumed;
	*state = out.restore_state;
	return 0;
}

int save(int fd, void *stream)
{
	u32 flags = HV_SAVE_RESTORE_STATE_START, size = 0, count, state;
	int ret;

	do {
		if (size + SAVE_CHUNK > SAVE_STREAM)
			vmm_die("the stream has no end");
		ret = save_call(fd, flags, stream + size, &count, &state);
		if (ret)
			return -ret;
		size += count;
		flags = 0;
	} while (state == HV_STATE_INCOMPLETE);
	if (state != HV_STATE_COMPLETE)
		vmm_die("the last state is %u", state);
	return size;
}

int restore(int fd, const void *stream, u32 size, u32 piece)
{
	u32 flags = HV_SAVE_RESTORE_STATE_START, pos = 0, count, state = HV_STATE_INCOMPLETE;
	int ret;

	do {
		count = size - pos < piece ? size - pos : piece;
		ret = restore_call(fd, flags, stream + pos, &count, &state);
		if (ret)
			return -ret;
		pos += count;
		flags = 0;
	} while (state == HV_STATE_INCOMPLETE && pos < size);
	return state;
}
