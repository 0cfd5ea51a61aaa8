/*
 * AF_UNIX sockets, between their life (fs/unix_socket.c), names (unix_name.c), connections
 * (unix_connect.c), messages (unix_send.c, unix_receive.c), files in messages (unix_rights.c), and the
 * system calls (socket.c, socket_message.c, socket_options.c).
 *
 * A socket has a queue of messages that came for it: bytes of a stream, in the pieces that they
 * were written in, or whole messages. What is queued counts against its sender's buffer size, and
 * datagrams also against a length of the receiver's queue.
 *
 * A socket lives as long as its file, a peer, a message or somebody who waits holds a reference; a
 * connection that was not accepted yet has no file. Protected by: the kernel not being preempted;
 * nothing here sleeps but copies to and from programs, and waits. A reader holds socket->reading
 * over its copies; a writer copies before it looks at the receiver. Making a node for a name sleeps
 * too, with socket->naming held.
 */
#ifndef LOFT_UNIX_INTERNAL_H
#define LOFT_UNIX_INTERNAL_H

#include <socket_calls.h>
#include <vfs.h>

enum unix_state { UNIX_UNCONNECTED, UNIX_LISTENING, UNIX_CONNECTED };

#define UNIX_SHUT_RECEIVE 1u
#define UNIX_SHUT_SEND 2u
#define UNIX_SHUT_BOTH 3u

#define UNIX_DATAGRAMS_MAX 10u /* that wait for a receiver before its senders do (max_dgram_qlen) */

/* A name that a socket was bound to; shared with those accepted from it and its messages. */
struct unix_address {
	uint32_t refs;
	uint32_t size; /* of name, from family on */
	struct sockaddr_un name;
};

struct unix_socket {
	uint32_t refs;
	struct list all_link; /* every socket, for the collector */
	struct file *file;    /* NULL: not accepted yet, or closed */
	uint8_t type;	      /* SOCK_* */
	uint8_t state;	      /* enum unix_state */
	uint8_t shut;	      /* UNIX_SHUT_* */
	bool dead;	      /* closed */
	bool passes_credentials;
	uint32_t options; /* bits of SO_* that are kept for getsockopt alone */
	int error;	  /* SO_ERROR: negative errno, told once */

	struct unix_socket *peer; /* a reference */
	struct list senders;	  /* datagrams: the sockets whose peer it is, by sender_link */
	struct list sender_link;
	struct unix_address *address;
	struct dentry *node; /* what its path led to: a reference; NULL: abstract */
	struct list name_link;
	struct ucred peer_credentials; /* SO_PEERCRED */

	struct list messages;
	uint32_t nmessages;
	struct list pending; /* listening: connections to accept, by pending_link */
	struct list pending_link;
	uint32_t npending, backlog;
	uint32_t charged; /* against send_size: what lies unread elsewhere */
	uint32_t send_size, receive_size, low_water;
	uint64_t send_timeout, receive_timeout; /* ns; WAIT_FOREVER */
	struct linger linger;
	struct mutex naming;
	struct mutex reading;
	struct wait_queue readable; /* and connections to accept */
	struct wait_queue writable; /* and, of a listening one, room for connections */

	uint32_t in_flight; /* references to its file that messages hold */
	bool reached;	    /* the collector's */
	struct list reached_link;
};

/* Files on their way. */
struct unix_rights {
	struct unix_rights *next; /* while they wait to be let go of: see unix_rights_free */
	uid_t user;		  /* whom they count for */
	bool in_flight;		  /* they are counted: the message is in a queue */
	uint32_t count;
	struct file *files[]; /* references */
};

struct unix_message {
	struct list link;
	struct unix_socket *from;     /* a reference: whom it is charged to */
	struct unix_address *address; /* its name then: a reference, or NULL */
	struct ucred credentials;
	struct unix_rights *rights; /* or NULL */
	uint32_t start, size;	    /* what is left in data */
	uint32_t charge;
	char *data; /* here, or on the heap */
	char here[];
};

/* One send or receive, as the system calls ask for it. */
struct unix_transfer {
	struct uio *io;
	uint32_t flags; /* MSG_* */
	/* send: where to (NULL: the peer); receive: is the sender's name wanted? */
	const struct sockaddr_un *name;
	uint32_t name_size;
	/* receive: the sender's, a reference, or NULL; MSG_TRUNC when more was there */
	struct unix_address *address;
	uint32_t told;
	/* both ways; rights are the caller's to free as long as they are here */
	bool has_credentials;
	struct ucred credentials;
	struct unix_rights *rights;
};

extern const struct file_ops unix_file_ops;
extern struct list unix_sockets; /* all */

static inline bool unix_is_connection(const struct unix_socket *socket)
{
	return socket->type != SOCK_DGRAM;
}

/* The socket behind a file, or NULL. */
static inline struct unix_socket *unix_of(const struct file *file)
{
	return file->ops == &unix_file_ops ? file->data : NULL;
}

/* ---- life (unix_socket.c) ---- */

/* One without a file, refs 1: NULL without memory. */
__must_check struct unix_socket *unix_create(uint8_t type);
/* Its file, which takes the reference over in any case; ERR_PTR(-ENOMEM). */
__must_check struct file *unix_open(struct unix_socket *socket, uint32_t flags);
void unix_get(struct unix_socket *socket);
void unix_put(struct unix_socket *socket);
/* Makes peer its peer, with a reference; NULL: takes it away. */
void unix_set_peer(struct unix_socket *socket, struct unix_socket *peer);
/* Ends it: the peer is told, what is queued is dropped. For the last close, and pending ones. */
void unix_end(struct unix_socket *socket);
/*
 * A datagram socket gets another peer, or none: what the old one sent is forgotten, and the old one,
 * if it is still this one's peer, told of an error.
 */
void unix_change_peer(struct unix_socket *socket, struct unix_socket *peer);
/* Wakes all who wait for anything of it. */
void unix_wake(struct unix_socket *socket);
/* Takes the error that is to be told: 0 or negative. */
int unix_take_error(struct unix_socket *socket);
void unix_shutdown(struct unix_socket *socket, uint8_t how);
/* The receiver's queue has no room for a datagram of sender's. */
bool unix_queue_full(const struct unix_socket *receiver, const struct unix_socket *sender);
/* When a wait with a timeout (ns, WAIT_FOREVER) that begins now ends. */
uint64_t unix_deadline(uint64_t timeout);
/* What a broken-off wait (-ERESTARTSYS, -ETIMEDOUT) means to the program. */
int unix_wait_error(int error, uint64_t timeout);
/* Who current is, for SO_PEERCRED. */
struct ucred unix_current_credentials(void);

/* ---- names (unix_name.c) ---- */

/* Is it the name of a socket? 0 or -EINVAL. */
__must_check int unix_check_name(const struct sockaddr_un *name, uint32_t size);
__must_check int unix_bind(struct unix_socket *socket, const struct sockaddr_un *name,
			   uint32_t size);
/* Gives it a free abstract name unless it has one. */
__must_check int unix_autobind(struct unix_socket *socket);
void unix_unbind(struct unix_socket *socket);
/* The socket of that name and type, a reference, or ERR_PTR(-ECONNREFUSED, -EPROTOTYPE...). */
__must_check struct unix_socket *unix_find(const struct sockaddr_un *name, uint32_t size,
					   uint8_t type);
struct unix_address *unix_address_get(struct unix_address *address);
void unix_address_put(struct unix_address *address);

/* ---- connections (unix_connect.c) ---- */

void unix_pair(struct unix_socket *a, struct unix_socket *b);
__must_check int unix_listen(struct unix_socket *socket, int32_t backlog);
__must_check int unix_connect(struct unix_socket *socket, const struct sockaddr_un *name,
			      uint32_t size, bool wait);
/* A connection with a file, to be installed; ERR_PTR. */
__must_check struct file *unix_accept(struct unix_socket *socket, bool wait, uint32_t flags);

/* ---- messages (unix_send.c, unix_receive.c) ---- */

__must_check ssize_t unix_send(struct unix_socket *socket, struct unix_transfer *transfer);
__must_check ssize_t unix_receive(struct unix_socket *socket, struct unix_transfer *transfer);
/* Frees a message that is in no queue. May sleep: its files may be closed by that. */
void unix_message_free(struct unix_message *message);
/* Takes it out of socket's queue. */
void unix_message_remove(struct unix_socket *socket, struct unix_message *message);
/* What can be read: of a datagram socket the first message alone. */
uint32_t unix_readable_bytes(const struct unix_socket *socket);

/* ---- files in messages (unix_rights.c) ---- */

/* Counts the files as being on their way: -ETOOMANYREFS when that is too many of current's user. */
__must_check int unix_rights_send(struct unix_rights *rights);
/* They have arrived, if they were on their way. */
void unix_rights_arrive(struct unix_rights *rights);
/* A copy with references of its own, or NULL. */
__must_check struct unix_rights *unix_rights_copy(const struct unix_rights *rights);
/* Lets go of the files. Of rights that are not on their way. May sleep. */
void unix_rights_free(struct unix_rights *rights);
#endif
