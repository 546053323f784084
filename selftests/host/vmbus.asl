/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Linux looks for before it looks for a VMBus: the device Hyper-V's firmware has.  No VMM of
 * ours claims one (B-R2012-005); a test's guest brings this table in its own initramfs.
 */
DefinitionBlock ("vmbus.aml", "SSDT", 2, "GUEST", "OWNVMBUS", 1)
{
	Scope (\_SB)
	{
		Device (VMBS)
		{
			/* not of the form the ACPI specification has for ids, as there */
			Method (_HID, 0, NotSerialized)
			{
				Return ("VMBus")
			}
			Name (_UID, 0)
			Name (_STA, 0x0f)
			Name (_CRS, ResourceTemplate ()
			{
				IRQNoFlags () { 5 }
			})
		}
	}
}
