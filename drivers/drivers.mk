# The frame buffer console's font, made from one that Debian packages.

OBJECTS += $(BUILD)/drivers/font_data.o

$(BUILD)/drivers/font_data.c: tools/font.py | setup-build
	@mkdir -p $(@D)
	@echo "FONT  $@"
	$(QUIET)tools/font.py >$@

$(BUILD)/drivers/font_data.o: $(BUILD)/drivers/font_data.c $(BUILD)/flags
	@echo "CC    $<"
	$(QUIET)$(CC) $(CFLAGS) $(WARNINGS) $(CPPFLAGS) -Idrivers -MMD -MP -c $< -o $@
