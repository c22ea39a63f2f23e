/* What scenes are made of */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_SCENE_H
#define ROOM_SCENE_H

#include "listen/measure.h"
#include "listen/report.h"
#include "stage/stack.h"
#include "stage/trouble.h"
#include "stage/watchdog.h"

#define SCENE_SPEAKERS_MAX	64
#define SCENE_FIGURES_MAX	64

struct scene_options {
	bool peer;		/**< run the peer through the same, too */
	bool module;		/**< our module in the daemon, without the policy */
	bool json;
	bool level;		/**< fixed speakers start when their buffers are filled, not by the first packet */
	int runs;		/**< 0: as the scene says */
	double seconds;		/**< of music, 0: as the scene says */
	int speakers;		/**< 0: as the scene says */
	uint64_t seed;
	const char *keep;	/**< folder for timelines and logs, NULL: removed */
	bool own_clock;		/**< the room's, not the machine's */
	double stall_ms;	/**< a longer one spoils a run */
	bool hog;		/**< busy loops on all processors meanwhile */
	bool stops;		/**< all processes stop at random: stalls spoil nothing then */
	bool brief;		/**< the form for every change: fewer runs, less music */
	const char *input;	/**< sound file for the Echo of a demonstration */
	bool quiet;		/**< which is connected and plays nothing */
	double wrong_ms;	/**< reports of its speakers are wrong by up to so much */
	GPtrArray *microphones;	/**< char *: the options of each, NULL: there is none */

	/* for the watchdog's own test */
	int staged;		/**< in so many attempts of a run everything is stopped once */
	bool staged_own;	/**< but a process of the room's, which uses the processor */
};

/** Also exit statuses */
enum scene_verdict {
	SCENE_WELL,
	SCENE_NOT_WELL,
	SCENE_COULD_NOT_RUN,
	SCENE_INCONCLUSIVE,	/**< what there is is well, but some runs were spoilt in every attempt */
};

/** Whether a run says anything */
enum scene_state {
	SCENE_CLEAN,
	SCENE_STALLED,		/**< the machine stood still in it, and so it does not */
	SCENE_OWN_STALL,	/**< and the room's processes used the processor meanwhile */
};

/** Limits of the verdict; 0 and below: none */
struct scene_bounds {
	double median, worst;	/**< ms of skew, over all windows of all runs */
	bool whole;		/**< no gap, repeat, skip, absence after the first second */
};

extern const char *const scene_verdict_names[];

struct scene_figure {
	const char *name;	/**< static, with its unit at the end */
	double value;
	double bound;		/**< at most; NAN: only told */
};

struct scene_speaker {
	char name[32], address[18];
};

/** One run of a scene */
struct scene {
	const struct scene_type *type;
	const struct scene_options *options;
	struct stack stack;
	char *out;
	double seconds;
	int n_wanted;			/**< speakers, as chosen */
	uint64_t seed;			/**< of this run */

	struct scene_speaker speakers[SCENE_SPEAKERS_MAX];
	int n_speakers;
	int n_adapters;			/**< hci0 is there by itself */
	char *source;			/**< the file that a player plays, NULL with an Echo */
	int64_t began_ns, ended_ns;	/**< CLOCK_MONOTONIC; a stall between counts */
	bool started;			/**< something plays */
	double from;			/**< s of the timeline, what is before is not judged */
	int64_t mark_ns;		/**< ns since the epoch, when what the scene is about began */
	struct trouble trouble;
	enum scene_state state;		/**< of the attempt */
	int n_stops;			/**< of everything, that were staged */
	const char *excused;		/**< speaker whose own gaps and steps are not judged */

	struct scene_figure figures[SCENE_FIGURES_MAX];
	int n_figures;
	GString *faults;		/**< what is wrong beyond the bounds, a line each */
	GArray *spreads;		/**< double, ms, of the windows of a scene that listens itself */
};

struct scene_type {
	const char *name;
	const char *text;		/**< one line for the list */
	int runs, speakers;
	double seconds;
	int brief_runs;			/**< of the short form, 0: the same */
	double brief_seconds;
	struct scene_bounds bounds;
	bool no_peer;			/**< there is nothing that the peer could show */
	bool listens;			/**< itself, while it plays: its timelines are too long to be read as a whole,
					  *  and its judge gets none */
	bool only_long;			/**< left out where all are run in their short form: it shows little that others do not */
	bool any_stall;			/**< it takes so long that a stall of the machine spoils nothing */
	bool starvation;		/**< it measures what runs at normal priority: where other
					  *  programs keep that waiting, nothing is known either */
	const char *real;		/**< why on the machine's clock; NULL: on the room's own */
	struct stack_options stack;	/**< .system is chosen by the runner unless it is fixed */
	bool fixed_system;
	/** What happens; 0 or -errno, having said why */
	int (*play)(struct scene *sc);
	/** More figures and faults from what was measured; may be NULL */
	void (*judge)(struct scene *sc, struct measure *m);
	/** Instead of all that: does its own runs; returns an enum scene_verdict */
	int (*whole)(const struct scene_type *type, const struct scene_options *o, struct json *j);
};

/* Of the files in scenes/, each ended by one without a name */
extern const struct scene_type scenes_self[];
extern const struct scene_type scenes_start[];
extern const struct scene_type scenes_change[];
extern const struct scene_type scenes_announcement[];
extern const struct scene_type scenes_links[];
extern const struct scene_type scenes_policy[];
extern const struct scene_type scenes_misfits[];
extern const struct scene_type scenes_unavailable[];
extern const struct scene_type scenes_reports[];
extern const struct scene_type scenes_restart[];
extern const struct scene_type scenes_soak[];
extern const struct scene_type scenes_time[];
extern const struct scene_type scenes_watchdog[];
extern const struct scene_type scenes_compare[];
extern const struct scene_type scenes_demo[];
extern const struct scene_type scenes_delay[];
extern const struct scene_type scenes_offset[];
extern const struct scene_type scenes_lease[];
extern const struct scene_type scenes_flap[];
extern const struct scene_type scenes_codec[];
extern const struct scene_type scenes_call[];
extern const struct scene_type scenes_headroom[];
extern const struct scene_type scenes_pause[];
extern const struct scene_type scenes_ends[];
extern const struct scene_type scenes_echos[];
extern const struct scene_type scenes_pair[];
extern const struct scene_type scenes_roles[];
extern const struct scene_type scenes_volume[];
extern const struct scene_type scenes_silence[];
extern const struct scene_type scenes_stall[];
extern const struct scene_type scenes_stutter[];
extern const struct scene_type scenes_meanwhile[];
extern const struct scene_type scenes_rates[];
extern const struct scene_type scenes_source[];
extern const struct scene_type scenes_relink[];
extern const struct scene_type scenes_order[];
extern const struct scene_type scenes_hostile[];
extern const struct scene_type scenes_radio[];
extern const struct scene_type scenes_drivers[];
extern const struct scene_type scenes_filter[];
extern const struct scene_type scenes_microphone[];
extern const struct scene_type scenes_calibrate[];
extern const struct scene_type scenes_calibrate_trouble[];
extern const struct scene_type scenes_track[];
extern const struct scene_type scenes_track_trouble[];

/* From scenes/start.c: what most scenes begin with. 0 or -errno. */

#define SCENE_ECHO	"Echo"
#define SCENE_MICROPHONE	"room_microphone."

/** sc->n_wanted speakers of 50, 150, 220 ms and others between */
int scene_add_fixed_speakers(struct scene *sc);
/** Of the i-th of them, in ms */
double scene_fixed_latency(int i);
/** Four that are as wrong as real ones are said to be */
int scene_add_real_speakers(struct scene *sc);
/** Connect all that were added, until they have sinks */
int scene_connect_speakers(struct scene *sc);
/** SCENE_ECHO with +60 ppm and 3 ms of jitter */
int scene_add_usual_echo(struct scene *sc);
/** What the scenes `start` and `echo` play */
int scene_play_start(struct scene *sc);
int scene_play_echo(struct scene *sc);
/** Let the Echo play on those speakers for so long */
int scene_play_all(struct scene *sc, double seconds);
/** Connect the Echo and let it play until \a n speakers sound */
int scene_start_echo(struct scene *sc, int n);

/* The vocabulary. 0 or -errno, having said why. */

/** Before the end speakers stop one after the other: not judged */
#define SCENE_EDGE_S	0.3
/** A number of milliseconds within which anything has to happen */
#define SCENE_PATIENCE_MS	15000

/** options: a{sv} in GVariant text form, e.g. "{'latency.msec': <50.0>}", by printf */
int scene_add_speaker(struct scene *sc, const char *name, const char *options, ...)
	G_GNUC_PRINTF(3, 4);
/** Speakers of fixed latency, reported as it is */
int scene_add_fixed(struct scene *sc, const char *name, double latency_ms);
int scene_add_adapters(struct scene *sc, int n);
/** An Echo that plays noise of its own, \a options as above, "" for none */
int scene_add_echo(struct scene *sc, const char *name, const char *options, ...)
	G_GNUC_PRINTF(3, 4);
/** The same of a file, an absolute path */
int scene_add_echo_file(struct scene *sc, const char *name, const char *wav, const char *options, ...)
	G_GNUC_PRINTF(4, 5);
/** A microphone, \a options as those of an Echo; its source is SCENE_MICROPHONE and its name */
int scene_add_microphone(struct scene *sc, const char *name, const char *options, ...)
	G_GNUC_PRINTF(3, 4);
int scene_set_microphone(struct scene *sc, const char *name, const char *options, ...)
	G_GNUC_PRINTF(3, 4);
/** Of its way to one speaker */
int scene_set_path(struct scene *sc, const char *name, const char *speaker, const char *options, ...)
	G_GNUC_PRINTF(4, 5);
/** By name; of Echos too */
int scene_connect(struct scene *sc, const char *name);
int scene_disconnect(struct scene *sc, const char *name);
/** Its radio serves nobody for so long; of an Echo: it sends nothing */
int scene_stall(struct scene *sc, const char *name, double ms);
/** The radio loses the next packets to it */
int scene_drop(struct scene *sc, const char *name, unsigned packets);
int scene_connect_all(struct scene *sc);
int scene_echo(struct scene *sc, const char *name, bool play);
/** A device that is not paired looks for somebody who lets it */
int scene_search(struct scene *sc, const char *name);
/** Of a speaker or an Echo; until the next call */
const char *scene_address(struct scene *sc, const char *name);
int scene_set(struct scene *sc, const char *name, const char *options, ...)
	G_GNUC_PRINTF(3, 4);
/** Until so many speakers have a sink */
int scene_await_sinks(struct scene *sc, int n);
/** Until the sinks of so many speakers are linked to something */
int scene_await_links(struct scene *sc, int n);
/** Until so many speakers have begun to play at or after \a from_ns */
int scene_await_playing(struct scene *sc, int n, int64_t from_ns);
int scene_await_one_playing(struct scene *sc, const char *name, int64_t from_ns);
/** Let pw-play play noise of sc->seconds into a sink, NULL: the combined one, "": where it
 * is sent */
int scene_play_noise(struct scene *sc, const char *target);
int scene_pass(struct scene *sc, double seconds);
/** A process stands still, until it goes on */
int scene_stop(struct scene *sc, const struct process *p, bool stopped);
/** The way of the music stands still for so long */
int scene_stop_wireplumber(struct scene *sc, double ms);

/* What users do, from stage/users.c: by node.name, "*" at its end matches any rest */

/** Until a client program has ended */
int scene_await_end(struct scene *sc, struct process *p);
/** `wpctl COMMAND ID VALUE` */
int scene_wpctl(struct scene *sc, const char *command, const char *node, const char *value);
/** As a mixer shows it: cubic */
int scene_set_volume(struct scene *sc, const char *node, double volume);
/** The latency offset of a speaker's route, once it has one */
int scene_set_offset(struct scene *sc, const char *address, double ms);

/* For judges, from scenes/change.c */

/** ms of one speaker to the reference, from some time (s) on; NAN of no figure */
double scene_worst_skew(const struct measure *m, int speaker, double from);

/** Has WirePlumber written \a text into this \a file of its state? It does a second late. */
bool scene_is_kept(const struct stack *s, const char *file, const char *text);
/** Once \a kept, called \a what, restart WirePlumber, until all devices are back and play. Sets sc->mark_ns. */
int scene_restart_wireplumber(struct scene *sc, bool (*kept)(struct stack *s, void *data), const char *what);

/** What PipeWire has told the Echo last of how late it is heard; NAN if nothing */
double scene_told_ms(const struct scene *sc);

void scene_figure(struct scene *sc, const char *name, double value, double bound);
void scene_fault(struct scene *sc, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* For scenes that do their own runs: stage/run.c */

#define SCENE_ATTEMPTS	3	/* a run that a stall may have touched is done again */

/**
 * A thread that is on the processor when the host of a virtual machine stops that or waits for a
 * page of its memory seems to use it, too. That hits anybody; what is done by the room's own
 * processes comes again. So the room is at fault when most attempts say so.
 */
struct scene_attempts {
	int n, own;
	bool clean;		/**< the last one */
};

/** Is there to be another? */
static inline bool scene_attempt(const struct scene_attempts *a)
{
	return !a->clean && a->n < SCENE_ATTEMPTS;
}

/** Of all of them: SCENE_STALLED says that nothing is known, SCENE_OWN_STALL is a failure */
static inline enum scene_state scene_attempts_end(const struct scene_attempts *a)
{
	return a->clean ? SCENE_CLEAN : 2 * a->own > a->n ? SCENE_OWN_STALL : SCENE_STALLED;
}

/** Start the stack for one run. scene_close() in any case. */
int scene_open(struct scene *sc, const struct scene_type *type, const struct scene_options *o,
	       const struct stack_options *so, const char *label);
void scene_close(struct scene *sc);
/**
 * type->play(), then the files are closed. Counts the attempt and says whether it is clean before
 * anything is measured: what was heard must not decide what is thrown away.
 */
int scene_play(struct scene *sc, struct scene_attempts *a);
int scene_runs(const struct scene_type *type, const struct scene_options *o);
double scene_seconds(const struct scene_type *type, const struct scene_options *o);
/** Runs until one says something or \a ATTEMPTS are over; adds to a JSON array. 0 or -EINTR. */
struct tally;
int scene_run_tally(const struct scene_type *type, const struct scene_options *o,
		    struct tally *t, int run, struct json *j);
/** All runs of a scene with a verdict */
enum scene_verdict scene_run(const struct scene_type *type, const struct scene_options *o,
			     struct json *j);

/** From scenes/demo.c: an Echo Dot plays on the speakers of a flat. 0 or -errno. */
int scene_demo_begin(struct scene *sc);
/** From scenes/with.c: that, on the machine's clock, while a command runs among the daemons, with
 * this terminal. Returns its exit status. */
int scene_with(const struct scene_options *o, const char *const *command);

#endif /* ROOM_SCENE_H */
