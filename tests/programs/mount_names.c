/* EXPECT: mount_names.txt */
/* Names with blanks and the like in /proc/mounts: each line keeps its six fields. */
#include "files.h"
#include <sys/mount.h>

int main(void)
{
	char line[1024];
	FILE *mounts;

	enter("names.d");
	mkdir("a b\tc\nd\\e#f", 0755);
	SHOW(mount("a b\tc\nd\\e#f", "a b\tc\nd\\e#f", "tmpfs", MS_NOSUID, "size=16k"));
	mounts = fopen("/proc/self/mounts", "r");
	while (fgets(line, sizeof(line), mounts)) {
		char *source = strtok(line, " "), *place = strtok(NULL, " ");

		if (place && strstr(place, "/names.d/"))
			printf("%s|%s|%s\n", source, strstr(place, "/names.d/"), strtok(NULL, " "));
	}
	fclose(mounts);
	SHOW(umount("a b\tc\nd\\e#f"));
	leave("names.d");
	return 0;
}
