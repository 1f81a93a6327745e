/* Lets keepalived check health where the kernel has no IPVS: the family is there, and every command is acknowledged.
 *
 * Loaded with LD_PRELOAD, in front of the functions of libnl that keepalived uses for IPVS.
 */
#include <stddef.h>

enum { NL_CB_FINISH = 1, NL_CB_ACK = 4, A_FAMILY = 99 };

typedef int (*callback)(void *message, void *argument);

static callback finished, acknowledged;
static void *finished_with, *acknowledged_with;

int genl_ctrl_resolve(void *socket, const char *name)
{
	(void)socket, (void)name;
	return A_FAMILY;
}

int nl_socket_modify_cb(void *socket, int type, int kind, callback function, void *argument)
{
	(void)socket, (void)kind;
	if (type == NL_CB_ACK)
		acknowledged = function, acknowledged_with = argument;
	if (type == NL_CB_FINISH)
		finished = function, finished_with = argument;
	return 0;
}

int nl_send_auto(void *socket, void *message)
{
	(void)socket, (void)message;
	return 1;
}

int nl_recvmsgs_default(void *socket)
{
	(void)socket;
	if (finished)
		finished(NULL, finished_with);
	if (acknowledged)
		acknowledged(NULL, acknowledged_with);
	return 0;
}
