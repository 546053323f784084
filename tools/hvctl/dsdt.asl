/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices of the machine tlfsctl run makes; there is no PCI. */
DefinitionBlock ("dsdt.aml", "DSDT", 2, "TLFS", "TLFSCTL", 1)
{
	/* power-off: SLP_TYP as in devices.h */
	Name (\_S5, Package () { 5, 5, 0, 0 })

	Scope (\_SB)
	{
		Device (COM1)
		{
			Name (_HID, EisaId ("PNP0501"))
			Name (_UID, 1)
			Name (_STA, 0x0f)
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x03f8, 0x03f8, 0x00, 0x08)
				IRQNoFlags () { 4 }
			})
		}

		Device (RTC)
		{
			Name (_HID, EisaId ("PNP0B00"))
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x0070, 0x0070, 0x00, 0x02)
				IRQNoFlags () { 8 }
			})
		}
	}
}
