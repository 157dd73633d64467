"""The sentence of each error that carries a code: what is missing, and how much would do.

Each stage has its block, in alphabetical order. A place in a template is a fact of the error;
counts come with their thousands apart, days as people write them.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from fullhouse.core.errors import ConflictError, FullhouseError
from fullhouse.view.words.figures import day_words, plain, text

BROKEN = "The score book is broken, so that its figures are worth nothing: "
TOO_FEW_FILMS = (
    "Not enough past films to forecast from: {{films}} of the {{needed}} needed are {{plan}} films"
    " in {{territory}} {known}, open before {{before}}. Import more films with their grosses."
)

DAMAGED_FILE = (
    "A file of the workspace is damaged: {what}. Find out which with fullhouse lake verify and"
    " fullhouse doctor, and bring it back from a backup: fullhouse restore"
)

NOTHING_WRITTEN = " No table of the lake was changed."
WRITTEN_BEFORE = (
    " Some of it stands in the lake already ({written}) and is not written twice when this is run"
    " again."
)
"""What follows the sentence of a conflict: whether something was written before it."""

SENTENCES: Mapping[str, str] = {
    # erasure
    "erased_meanwhile": (
        "People were erased while this ran, so that it could not go on. Run it again."
    ),
    "table_changed": (
        "Table '{table}' was changed by others again and again while this ran. Try again."
    ),
    # days
    "day_ahead": (
        "{as_of} has not come yet; the latest day that can be asked about is today, {today}."
    ),
    # audiences
    "audience_in_audiences": (
        "{audience} is part of the saved audiences {users}; delete those first."
    ),
    "audience_in_plans": (
        "{audience} is in the plans {users}, so it is kept: a campaign of theirs must stay"
        " readable."
    ),
    "consent_changes": (
        "People withdrew their consent during each of {tries} tries, so nothing was handed out."
        " Try again."
    ),
    "consent_changes_file": (
        "People withdrew their consent during each of {tries} tries, so {file} was not handed out;"
        " files before it: {before}, handed out and written down. Try again: it goes on from"
        " there."
    ),
    "trait_below_floor": (
        "Trait {trait!r} was not built: {persons} people have it, fewer than the floor"
        " (setting 'trait_floor')."
    ),
    # talent
    "film_without_genre": (
        "No genre of {film} is known, so nobody can say who its usual audience is. A film set"
        " with genres would do."
    ),
    "too_few_credited_films": (
        "Nothing can be said of names yet: {films} films have credits, a budget and a gross, and"
        " {needed} are needed."
    ),
    "too_few_risen": (
        "Nothing can be said of rising names yet: {risen} newcomers of earlier years are known to"
        " have become top, and {needed} are needed."
    ),
    # the clean room
    "budget_together_used_up": (
        "What all tenants may spend together is used up for a question of this price, until {ends}."
        " A coarser question may still fit, and what you have been given costs nothing."
    ),
    "budget_used_up": (
        "This costs {costs} ρ, and {has} ρ are left for the {scope} {of} until {ends}. A count to"
        " about {coarser} people would still fit: --precision {coarser}."
    ),
    "budget_used_up_whole": (
        "This costs {costs} ρ, and nothing is left for the {scope} {of} until {ends}. What you have"
        " been given costs nothing again."
    ),
    "campaign_without_budget": (
        "No budget was set aside for campaign {campaign}. Set it aside: fullhouse campaign reserve"
        " {campaign} --looks N"
    ),
    "house_only": (
        "This is for the house alone: it gives exact numbers. A tenant asks through the clean room."
    ),
    "policy_family": (
        "Nobody may ask about traits of family {family!r}: {key} in {file}{at_line}. The"
        " {who} role of the house may change it."
    ),
    "policy_kind": (
        "Questions of kind {kind!r} are not allowed: {key} in {file}{at_line}. The {who} role"
        " of the house may change it."
    ),
    "asked_elsewhere": (
        "A question of kind {kind!r} cannot be asked by itself: it has a command of its own."
    ),
    "policy_accounts": (
        "A match may not become an audience of the house: {key} in {file}{at_line}. The {who}"
        " role of the house may change it."
    ),
    "policy_lists": (
        "You have matched {lists} lists in this epoch, which is all: {key} in {file}{at_line}."
        " A list that was matched before gets its answer again, for nothing. The {who} role of the"
        " house may change it."
    ),
    "match_people_changed": (
        "The people of the house, or the contacts, are not those of the challenge any more. Have"
        " the challenge made again."
    ),
    "policy_list_too_short": (
        "A list for a match needs {minimum} people at least, not {given}: with fewer, the size"
        " would tell who is on it ({key} in {file}{at_line}). The {who} role of the house may"
        " change it."
    ),
    "policy_precision": (
        "A count may be known to {finest} people at the finest, not {given}: {key} in"
        " {file}{at_line}. The {who} role of the house may change it."
    ),
    "policy_trait": (
        "Nobody may ask about trait {trait!r}: {key} in {file}{at_line}. The {who} role of the"
        " house may change it."
    ),
    "release_failed": (
        "The house could not answer this question of kind {kind!r}. Nothing was spent; tell the"
        " house."
    ),
    "release_failed_paid": (
        "The house could not answer this question of kind {kind!r}. Its price is kept, since"
        " whether it fails may depend on the data; tell the house, which sees it in its ledger."
    ),
    "reservation_closed": (
        "This question took so long that its price was given back, so that its answer was not"
        " released. Ask it again."
    ),
    # campaigns
    "arm_without_people": (
        "{people} people with a share of {holdout} held out leave an arm without anybody; hold out"
        " more, or address more people."
    ),
    "city_tickets_of_house": (
        "Tickets are those of the house's own people, in the city of the cinema, each city measured"
        " against its tickets of other films before the launch."
    ),
    "money_at_price": (
        "Money is counted at {price} {currency} a ticket, without the tickets that the house does"
        " not sell."
    ),
    "no_base_rate": (
        "No past film's tickets in the house show how many people buy anyway. Give the share that"
        " buys a ticket for a film like this, such as 0.02 for one in fifty."
    ),
    "no_tickets_in_window": (
        "No ticket of {film} was sold in the campaign's cities from {first} to {until} (it opens"
        " on {opening}): that would look like no effect."
    ),
    "nothing_known_in_window": (
        "Nothing is known after {until}, and the campaign's window begins on {first}: take in"
        " later tickets and build traits as of a later day."
    ),
    "dispatched_at_once": (
        "Another process is handing over campaign {campaign}. Wait until it has ended, and launch"
        " again: what was handed over is not sent twice."
    ),
    "not_taken_back": (
        "Channel {channel} of campaign {campaign} could not be asked to take the accounts back:"
        " {why} They are suppressed and leave no more, but what is held of them is not erased yet,"
        " since afterwards nobody would know whom the channel has. Erase again when this is mended."
    ),
    "parts_unrecorded": (
        "Parts of line {line} were sent by an earlier version of Fullhouse, which did not write"
        " down whose accounts they held. What was taken cannot be taken back; launch the plan under"
        " another name."
    ),
    "too_few_cities": (
        "A campaign by city needs at least {needed} cities that sold {least} tickets or more; of"
        " {cities} cities with tickets, {usable} did from {first} to {last}."
    ),
    "window_still_open": (
        "The window runs to {last}: looking before it ends, and again, gives chance more than one"
        " try."
    ),
    "webhook_no_answer": (
        "{url} did not take delivery {key} in {tries} tries: nobody answered ({problem})."
    ),
    "webhook_not_taken": ("{url} did not take delivery {key} in {tries} tries: status {status}."),
    "webhook_refused": "{url} refused delivery {key} with status {status}; not tried again.",
    # cleanroom
    "no_audience_released": (
        "The cards of {film} as of {as_of} (entry {entry} of your log) have no audience that stands"
        " out: there is nothing to plan with."
    ),
    "no_cards_released": (
        "No audience cards of {film} were released to you yet, and a plan is made of them. They"
        " cost {rho} ρ: fullhouse discover {film} --as TENANT"
    ),
    "no_free_size": (
        "The free table of sizes, as of {as_of}, does not have {trait!r} yet: ask for a paid count."
    ),
    "no_free_size_of_saved": (
        "The free table has no size of the saved audience {audience!r}: write out its rule, or ask"
        " for a paid count."
    ),
    # discovery
    "comparable_films_too_small": (
        "The comparable films of {title} ({films}) have {people} people together; fewer than"
        " {needed} are too few to compare. Further past films, or a feed with older views or"
        " tickets, would help."
    ),
    "no_audience_to_draw": "There is no audience of {film} to draw.",
    "nothing_known_of_film": (
        "Nothing is known of who may want {film}: nobody in the house showed enough interest, no"
        " comparable film has an audience here, and its words point to no trait. A synopsis or"
        " keywords, comparable films, or words of your own would help."
    ),
    # exhibit
    "city_too_small": (
        "{city} is too small to have numbers of its own: fewer than {minimum} people of the house"
        " or admissions in the first week, or it would give away such a city."
    ),
    "few_admissions": (
        "In the week of {week} fewer than {minimum} admissions are expected in all cities together."
    ),
    "few_tickets_sold": (
        "The house's people bought fewer than {minimum} tickets of past films in {city} by {as_of}:"
        " too few to say how its cinemas differ. Choose a larger city."
    ),
    "pack_without_days": (
        "There is no pack of {film}: the forecast as of {as_of} has no days of its run."
    ),
    "pack_without_weeks": "There is no pack of {film}: no whole week of its run is to come.",
    "no_weeks_to_draw": (
        "There is no week to draw for {place}: each has under {minimum} admissions."
    ),
    "pack_without_audience": (
        "There is no pack of {film}: nobody in the house showed interest and no comparable film has"
        " an audience here, so it is not known in which cities its people live."
    ),
    "pack_without_cities": "There is no pack: of nobody in the house is the city known.",
    "pack_without_opening": "There is no pack of {film}: its opening day is not known.",
    "pack_without_tickets": "There is no pack of {film}. {why}",
    # forecast
    "empty_forecast": "The forecast of {title} has no range and no known total.",
    "film_problems": "{file} has {problems} problems, the first in row {row}: {problem}: {given}."
    " Nothing was written (strict).",
    "first_day_unknown": "The first day of {film} ({opening}) is not in its daily grosses, and a"
    " forecast of the rest of a run needs it. Import its grosses from the first day on.",
    "no_backtest": "No {plan} film in {territory} of {first_year} to {last_year} could be"
    " forecast: films of at least {years_before} years before are needed, some dozens a year;"
    " there are {films} in all.",
    "no_drivers": "There are no drivers of the {quantity} of {title}.",
    "no_forecast_days": "There is no forecast by day of {title}, only of the whole.",
    "no_gross": "No gross of any film in '{territory}' is known yet. Import some with"
    " 'fullhouse film import'.",
    "no_slate": "There is no slate to draw: no forecast was given.",
    "no_totals": "None of these forecasts has {quantity}.",
    "no_usual_horizon": "There is nothing to draw: none of the usual horizons was judged.",
    "not_backtested": "This backtest has no '{quantity}' at '{horizon}'.",
    "nothing_to_show": "The forecast of {title} has no range and nothing known.",
    "opening_unknown": "When '{film}' opens in {territory} is not known on {as_of}. State it with"
    " 'fullhouse film set {film} opening=YYYY-MM-DD'.",
    "other_probabilities": "Entry {entry} of the score book has its quantiles at other"
    " probabilities than this version of Fullhouse scores.",
    "score_book_busy": "Other processes kept appending to the score book, and the forecast of"
    " {film} was not issued. Nothing was written: try again.",
    "score_book_changed": BROKEN + "entry {entry} was changed.",
    "score_book_head_lost": BROKEN + "the noted head is not in it. Its end was cut off, or"
    " entries were written anew, since it was noted.",
    "score_book_misplaced": BROKEN + "entry {entry} does not belong in it.",
    "score_book_missing": BROKEN + "entries before entry {entry} are missing.",
    "score_book_rechained": BROKEN + "entry {entry} does not follow the one before it.",
    "several_currencies": "Grosses of {territory} are in {currencies}: a territory needs one"
    " currency.",
    "calendar_not_entered": "No date is compared: around {opening} the other wide openings entered"
    " in {territory} are {films}, where {usual} are usual. That few are entered does not mean that"
    " few will open: enter the films that open around that day first.",
    "too_few_films": TOO_FEW_FILMS.format(known="with a known opening weekend or total"),
    "too_few_films_in_cinemas": TOO_FEW_FILMS.format(
        known="whose daily grosses are known from the first day on"
    ),
    "too_few_films_with_cinemas": TOO_FEW_FILMS.format(
        known="with a known number of cinemas and opening weekend or total"
    ),
    "too_few_past_forecasts": "Not enough past forecasts to set a range: {forecasts} of {needed}"
    " have a known outcome. Films of more years, with their grosses, are needed.",
    # greenlight
    "greenlight_no_budget": (
        "What {film} costs is not known, so that no profit and loss can be made. State it:"
        " fullhouse film set {film} 'budget=12000000 USD', or write an idea file with a budget."
    ),
    "greenlight_other_currency": (
        "The budget of {film} is in {given}, and the terms count in {currency}. Give terms in"
        " {given}, or a budget in {currency}."
    ),
    "greenlight_too_few_films": (
        "The data cannot tell what a film like this takes: {films} past films have a budget and a"
        " gross in one currency, and {needed} are needed. Import more: fullhouse film import"
        " budgets FILE, or plain files with budget and total."
    ),
    "greenlight_too_few_residuals": (
        "The data cannot tell how sure such a gross is: {films} past films lie in years that a"
        " model of the years before had not seen, and {needed} are needed. Import earlier films"
        " with their budgets."
    ),
    "property_no_worth": (
        "What {title} is worth the data cannot tell, so that there is nothing to draw."
    ),
    # measurement
    "arm_empty": "Arm {arm} is empty: nobody in column {column} has it.{hint}",
    "arms_not_alike": (
        "The arms were not alike before the campaign ({people}; p = {p}): chance does this in fewer"
        " than 1 of 1,000 sound experiments. No effect is read until the cause is known: people may"
        " have been left out, or a covariate measured after the start."
    ),
    "campaign_by_city": (
        "Campaign {campaign} was drawn by city, not by person: read it as a campaign by city."
    ),
    "campaign_not_begun": (
        "The campaign began on {began}, and tickets are known up to {known} only: take in"
        " later ones."
    ),
    "city_empty_before": (
        "City number {city} sold nothing before the campaign, so it cannot be compared."
    ),
    "city_mostly_missing": (
        "{city} lacks {missing} of its {rows} rows, too many to fill in: leave it out, or count a"
        " missing row as 0 where nothing was sold."
    ),
    "city_without_past": (
        "{city} has no {value} before {start}, so its days cannot be compared; leave it out."
    ),
    "divisor_near_zero": (
        "The figure to divide by, {divisor}, is not clearly different from 0 (standard error"
        " {standard_error}), so the ratio may be anything."
    ),
    "effect_unbounded": "The effect has no bounds: the days agree with an effect of any size.",
    "film_in_no_ticket_feed": (
        "No ticket feed of the house has {film}, which would look like no effect. Take in a feed of"
        " films and one of tickets that have it."
    ),
    "no_effect_to_draw": "There is no effect to draw: the readout has none.",
    "no_covariates": "Without covariates no two people differ: name some.",
    "no_holdout_shows": (
        "With {people} people no holdout shows an effect of {effect}: half held out would show"
        " {smallest}. Take more people, or covariates that explain more."
    ),
    "no_outlook_to_draw": "There is no forecast with a campaign to draw on any day.",
    "no_sales": (
        "The {cities} cities sold nothing in the campaign, so a relative effect has no meaning."
    ),
    "no_sales_before": (
        "A city of pair number {pair} sold nothing before the campaign, so its sales in the"
        " campaign cannot be compared."
    ),
    "no_spread": "Everybody in both arms has the same value, so there is no spread to judge by.",
    "no_standard_error": "There is no spread to judge by: the standard error is 0.",
    "no_ticket_to_compare": "Nobody among the held out, or nobody treated, bought a ticket.",
    "no_trait_of_ticket_buyers": (
        "Too few people of the house bought a ticket of {title}, or traits were built before"
        " they did."
    ),
    "nobody_in_part": "Nobody of this part is in an arm.",
    "nobody_left_to_compare": (
        "All held-out people had what the treated had: nobody is left to compare with."
    ),
    "nobody_more_reached": (
        "The treated were reached no more than the held out ({treated} and {held_out} of them), so"
        " the effect on those reached is not known. Check that impressions came back for the lines."
    ),
    "nothing_won": "Nothing was won ({low} to {high}), so a cost of each has no meaning.",
    "one_arm_only": "A Qini needs people in both arms.",
    "outcome_does_not_vary": (
        "Nobody, or everybody, has the outcome, so no order of people is better than another."
    ),
    "people_lost": (
        "The arms lost different shares of the people assigned to them ({people} against"
        " {intended}; p = {p}): chance does this in fewer than 1 of 1,000 sound experiments. No"
        " effect is read until the cause is known."
    ),
    "plan_without_lines": "The plan has no line.",
    "share_of_nobody": "A share of nobody cannot be computed.",
    "single_arm": "There is one arm only, {arm}: nothing to compare it with.",
    "stratum_too_small": (
        "A difference needs at least 2 people in each arm of each stratum; there are {treated}"
        " treated and {control} in control."
    ),
    "too_few_arms": "{arms} arms are too few: there is nothing to compare.",
    "too_few_control_cities": (
        "{cities} cities without the campaign are too few; at least {needed} are needed."
    ),
    "too_few_days_before": (
        "{days} days before the campaign are too few: at least {needed} are needed for a campaign"
        " of {window} days."
    ),
    "too_few_days_for_level": (
        "{days} days before the campaign give no interval at level {level}: {needed} are needed."
    ),
    "too_few_for_any_look": (
        "An interval that holds at any look needs at least {needed} people in each arm; the"
        " smallest has {people}. Look again later."
    ),
    "too_few_for_uplift": (
        "Differences between people need {needed} in each arm; {arm} has {people} and {control}"
        " {control_people}."
    ),
    "too_few_in_arm": "Arm {arm} has {people} people; at least {needed} are needed.",
    "too_few_in_stratum": (
        "Arm {arm} has {people} people in stratum {stratum}; at least {needed} are needed. Merge it"
        " with another stratum."
    ),
    "too_few_lots": ("{sets} ways to draw the treated cities are too few for a level of {level}."),
    "too_few_pairs": (
        "{pairs} pairs of cities cannot show anything at level {level}: there are 2^{pairs} ways"
        " to draw, so no p is below {smallest_p}. It takes {needed} pairs, {cities} cities."
    ),
    "too_few_sets": "{sets} sets of pairs are too few for a level of {level}.",
    "too_few_ticket_buyers": (
        "{people} people whom the campaign did not contact bought a ticket of {title}; {needed} are"
        " needed."
    ),
    "too_few_to_adjust": (
        "Fewer than {needed} people have (or do not have) {outcome}: not adjusted or stratified."
    ),
    "too_few_weeks_before": (
        "{days} weeks before the campaign are too few: at least {needed} are needed for a campaign"
        " of {window} weeks."
    ),
    "too_few_weeks_for_level": (
        "{days} weeks before the campaign give no interval at level {level}: {needed} are needed."
        " With five treated cities and five others, four weeks would do."
    ),
    "too_many_covariates": (
        "Too few people for {covariates} covariates: no degrees of freedom are left."
    ),
    "wrong_sample_ratio": (
        "The arms do not hold the people they should ({people} against {intended}; p = {p}): "
        "chance does this in fewer than 1 of 1,000 sound experiments. No effect is read until the"
        " cause is known."
    ),
    # planning
    "limit_audience_minimum": "at least {amount} on {name}",
    "limit_channel_maximum": "at most {amount} on {name}",
    "limit_city_minimum": "at least {amount} in {name}",
    "limit_explore": "a share of at least {amount} for audiences that were never measured",
    "no_bridge_to_draw": (
        "There is no bridge to draw for {film}: it needs a forecast and at least one audience that"
        " the plan addresses."
    ),
    "no_curve_to_draw": (
        "There is no curve to draw for {film}: it takes at least 2 budgets, not {budgets}."
    ),
    "no_lines_to_draw": "There is no line to draw: the plan for {film} has none.",
    "no_audience_to_compare": (
        "Neither a card nor an obvious audience of {film} is known, so that there is nothing to"
        " compare. Find one first: fullhouse discover {film}"
    ),
    "no_audience_to_plan": "There is no audience to plan for {film}.",
    "no_opening_day": "A plan is for a film to come; {film} has no opening day.",
    "no_people_addressed": "No channel addresses {least} people or more of any audience.",
    "no_weeks_to_pilot": (
        "From {as_of} on there is no room for {weeks} weeks of a pilot and {days} days to plan by"
        " it before {opening}, when the film opens: pilot for fewer weeks, or earlier."
    ),
    "pilot_too_small": (
        "{budget} does not pay for a pilot: it cannot show the film to {needed} people of any"
        " audience. A larger budget, or a cheaper channel, would do."
    ),
    "no_weeks_left": "No week is left between {as_of} and {opening}.",
    "nobody_bought": "Nobody in the holdout, or nobody treated, bought a ticket.",
    "opened_already": "A plan is for a film to come; {film} opened on {opening}.",
    "plan_does_not_fit": (
        "No plan fits a budget of {budget} and all of: {constraints}. Use a larger budget, or"
        " fewer or weaker constraints."
    ),
    "forecast_without_total": "The forecast has no total.",
    "opening_not_known": (
        "No opening of {film} was known in {territory} on {as_of}: set it with 'fullhouse film set"
        " {film} opening=YYYY-MM-DD'."
    ),
    "signal_not_known": "Nothing is known of {signal} of {film}: there is nothing to draw.",
    # propensity
    "audience_too_small_to_explain": (
        "An audience of {people} people is not explained: with fewer than {needed} the explanation"
        " could describe single people. A larger audience would do."
    ),
    "expected_people_out_of_range": (
        "The number of people expected must be above 0 and under the {base} of the base, not"
        " {expected}."
    ),
    "list_too_short": (
        "A look-alike needs a list of {needed} people of the base at least; {people} were given."
        " Half of the list is held out to judge the expansion, and with fewer people its reach is"
        " known to no better than 3 points. A longer list, or a wider rule for it, would do."
    ),
    "look_alike_out_of_range": (
        "A look-alike can have 1 to {others} people, those of the base who are not on the list, not"
        " {people}."
    ),
    "too_few_films_watched": (
        "Only {films} past films have {viewers} viewers in this base and a description; preferences"
        " are fitted on {needed} films at least. More past films, with their genres and texts, or a"
        " wider base would do."
    ),
    "too_few_interested": (
        "The interest shown in a film needs {needed} people at least, not {interested}. Without it"
        " the film is predicted from its description."
    ),
    "top_out_of_range": "An audience of the likeliest must have 1 to {base} people, not {people}.",
    # sample
    "too_few_weeks_of_tickets": (
        "The house knows {weeks} whole weeks of tickets with the cinema's city up to {until};"
        " pairing cities takes at least {needed}. Earlier tickets, with cities, would help."
    ),
    # the house: lake, control database and key
    "control_lost": (
        "The control database of this workspace is missing or empty, and the lake is of one that"
        " was there: saved audiences, plans, campaigns, caps, the score book and the audit log are"
        " in it. Put it back, or restore a backup (fullhouse restore). If there is none, and you"
        " accept the loss: fullhouse lake accept."
    ),
    "control_older": (
        "The control database is older than the lake: its audit log ends at entry {known}, and"
        " the lake knows of entry {expected}. Restore both from one backup (fullhouse restore), or"
        " accept the loss: fullhouse lake accept."
    ),
    "control_other": (
        "The control database belongs to another house than this lake. Look at the setting"
        " 'control' and the variable FULLHOUSE_CONTROL."
    ),
    "control_unreadable": (
        "The control database cannot be read ({reason}). Restore a backup (fullhouse restore)."
    ),
    "data_file_cut": (
        "A file of table {table!r} has {bytes} bytes and had {expected}: {file}. Restore a backup"
        " (fullhouse restore); what else is at fault: fullhouse lake verify."
    ),
    "data_file_missing": (
        "A file of table {table!r} is missing: {file}. Restore a backup (fullhouse restore); what"
        " else is at fault: fullhouse lake verify."
    ),
    "backup_damaged": (
        "The backup is not whole: {file} is missing or was changed. Take another backup."
    ),
    "campaigns_unknown": (
        "The lake holds people of the campaigns {campaigns}, and the control database knows"
        " nothing of them: it was lost or is older. Restore both from one backup."
    ),
    "data_file_rows": (
        "A file of table {table!r} holds {rows} rows and should hold {expected}: {file}."
    ),
    "data_file_unreadable": "A file of table {table!r} cannot be read ({reason}): {file}.",
    "ledger_rows_other": (
        "File {file!r} (batch {batch}) has {rows} rows in table {table!r} and {expected} by the"
        " ledger. Take it out and in again: fullhouse feed retract {batch}, then ingest it."
    ),
    "ledger_without_beginning": (
        "Table 'ingested' knows of files that table 'begun' does not: {files}."
    ),
    "log_broken": (
        "The transparency log of {tenant} has lost hashes it had (at {position}). What is wrong:"
        " fullhouse log verify. Restore the control database from a backup."
    ),
    "log_faults": "The transparency log is not what it was: {faults} faults, named above.",
    "log_key_other": (
        "The published heads of the log were signed by another key ({expected}) than the one at"
        " hand ({given}): tenants could check nothing that comes after. Put back the right"
        " fullhouse-log.key, or set FULLHOUSE_LOG_KEY to it."
    ),
    "score_book_broken": "The score book is not whole; what is wrong: fullhouse scorebook verify.",
    "key_missing": (
        "The key is missing: there is neither fullhouse.key nor FULLHOUSE_KEY. Without the same key"
        " no identifier matches; put it back from a backup."
    ),
    "key_other": (
        "This is another key than the house was made with (fingerprint {given} instead of"
        " {expected}): the same person would become two. Put back the right fullhouse.key, or set"
        " FULLHOUSE_KEY to it."
    ),
    "lake_lost": (
        "The lake of this workspace is missing, or not the one it had: its file _house.json is not"
        " there. Look at the setting 'lake', or restore a backup (fullhouse restore). If the tables"
        " are sound (fullhouse lake verify): fullhouse lake accept."
    ),
    "lake_note_unreadable": (
        "The lake's file {file} cannot be read. If the tables are sound (fullhouse lake verify):"
        " fullhouse lake accept. Otherwise restore a backup (fullhouse restore)."
    ),
    "lake_other": (
        "The lake belongs to another house than this control database. Look at the settings 'lake'"
        " and 'control'."
    ),
    "lake_unreadable": (
        "A file of the lake is missing or cannot be read ({reason}). Which tables are at fault:"
        " fullhouse lake verify. Then restore a backup (fullhouse restore)."
    ),
    "table_behind": (
        "Table {table!r} has lost commits: it is at version {newest}, and was at version {version}"
        " with {rows} rows. Nothing is taken in over it. Restore a backup (fullhouse restore), or"
        " accept the loss and take the files in again: fullhouse lake accept."
    ),
    "table_log_damaged": (
        "Table {table!r} has lost commit {version}: its log file is missing or empty. Restore a"
        " backup (fullhouse restore), or look at what else is at fault: fullhouse lake verify."
    ),
    "table_log_lost": (
        "Table {table!r} has lost its whole log; it held {rows} rows. Restore a backup (fullhouse"
        " restore), or accept the loss and take the files in again: fullhouse lake accept."
    ),
    "table_log_unreadable": (
        "The log of table {table!r} cannot be read ({reason}). Restore a backup (fullhouse"
        " restore); what else is at fault: fullhouse lake verify."
    ),
    "table_rows_other": (
        "Table {table!r} has lost rows: version {version} held {expected} rows and now holds"
        " {rows}. Restore a backup (fullhouse restore), or accept the loss and take the files in"
        " again: fullhouse lake accept."
    ),
    # the look-up file
    "lookup_changed": (
        "The look-up file {file} is damaged: its bytes are not those that were written. Build it"
        " anew: fullhouse lookup build."
    ),
    "lookup_cut": (
        "The look-up file {file} is cut: it has {bytes} bytes and should have {expected}. Build it"
        " anew: fullhouse lookup build."
    ),
    "lookup_empty": "The look-up file {file} is empty. Build it anew: fullhouse lookup build.",
    "lookup_format": (
        "The look-up file {file} has format {format}, and this version reads {known}. Build it"
        " anew: fullhouse lookup build."
    ),
    "lookup_header": (
        "The look-up file {file} is damaged: its header is not the one that was written. Build it"
        " anew: fullhouse lookup build."
    ),
    "lookup_missing": "There is no look-up file {file}. Build it: fullhouse lookup build.",
    "lookup_not_looked": (
        "What has changed since the look-up file was built cannot be read just now ({reason})."
    ),
    "lookup_not_ready": (
        "The look-up file, or whose accounts were linked anew since it was built, is being read."
        " Try again in a few seconds."
    ),
    "lookup_other": "{file} is no look-up file. Build it: fullhouse lookup build.",
    "lookup_other_key": (
        "The look-up file {file} was built under another key than this house's. Build it anew:"
        " fullhouse lookup build."
    ),
    "lookup_outdated": (
        "Accounts were linked to people anew since the look-up file was built, and whom that"
        " concerns cannot be read any more. Build it anew: fullhouse lookup build."
    ),
    # the machine, and files that are not what was written
    "database_locked": (
        "The control database is in use by another command for too long, and what was to be written"
        " there was not. Wait for it to end and try again; a network folder may not lend locks at"
        " all."
    ),
    "database_malformed": DAMAGED_FILE.format(what="the control database cannot be read"),
    "database_none": DAMAGED_FILE.format(what="the control database is none"),
    "file_missing": DAMAGED_FILE.format(what="a file of a table is missing"),
    "log_unreadable": DAMAGED_FILE.format(what="the log of a table cannot be read"),
    "memory_short": (
        "There was not enough memory. Give the machine more, or lower the settings memory_limit"
        " and threads; nothing that was written before is lost."
    ),
    "not_accessible": (
        "A file could not be read or written{where}: {reason}. Look at the file, and at the"
        " workspace: fullhouse doctor"
    ),
    "not_writable": (
        "A file could not be written{where}: {reason}. Look at the rights, the mount and the space"
        " of the workspace: fullhouse doctor"
    ),
    "parquet_cut": DAMAGED_FILE.format(what="a Parquet file is cut short"),
    "parquet_none": DAMAGED_FILE.format(what="a Parquet file is none"),
    "parquet_unreadable": DAMAGED_FILE.format(what="a Parquet file cannot be read"),
    # traits
    "build_in_use": (
        "Trait build {build} is kept: {users} rest on it. Delete those first, or keep it."
    ),
    "build_inputs_gone": (
        "Trait build {build} was made from a version of {table!r} that is gone. Build the traits"
        " as of {as_of} again."
    ),
    "no_build_by_then": (
        "There are no traits as of {as_of} or earlier; the earliest build is as of {earliest}."
    ),
    "no_persons": "There are no persons yet. Run 'fullhouse people resolve' first.",
    "no_traits": "There are no traits yet. Run 'fullhouse traits build' first.",
    # Access, films, people, feeds: what was named is not there, or more is needed first.
    "control_not_owner": (
        "The control database is of an older version, and the role that was used may not change"
        " its tables. Run any command once as the owner of the database, such as"
        " FULLHOUSE_CONTROL=postgresql+psycopg://OWNER@host/fullhouse fullhouse doctor."
    ),
    "film_is_here": (
        "{title} is here already as '{film}'. A new fact of it: fullhouse film set {film}"
        " FIELD=VALUE"
    ),
    "identifiers_alike": "{identifiers} identifiers begin with {begins}: give more digits.",
    "key_ended": "Key {key} has ended. Add a new one: fullhouse key add",
    "no_cinema_pack": (
        "There is no pack of {city} for a cinema '{cinema}': it is not known, or fewer than"
        " {minimum} tickets were sold or are expected there, or it would give away such a cinema."
        "{near} Some that have one: {some}."
    ),
    "no_cinema_packs": (
        "There is no pack of {city} for a cinema '{cinema}': it is not known, or fewer than"
        " {minimum} tickets were sold or are expected there, or it would give away such a cinema."
        " No cinema of {city} can have a pack of its own; the city can, without --cinema."
    ),
    "no_entry": (
        "No entry '{entry}' in {set}.{near} Those that wait for a decision: fullhouse film review"
    ),
    "no_film": "No film '{film}' here.{near} Find films: fullhouse film list --search TEXT",
    "no_key": "No key '{key}' of yours. List them: fullhouse key list",
    "no_log_entry": "Your log has no entry {entry}. List it: fullhouse log list",
    "no_tenant": ("There is no tenant '{tenant}'.{near} Add one: fullhouse tenant add NAME"),
    "no_workspace": (
        "{place} is not a Fullhouse workspace: it has no {file}. Make one: fullhouse init {where}"
    ),
    "no_write_key": ("There is no write key '{key}'. List them: fullhouse collector key list"),
    "not_taken_in": (
        "No feed, batch or file '{name}' was taken in.{near} All of them: fullhouse feed files"
    ),
    "other_rows_go": ("Retracting {name} takes out {rows} rows, not {expected}; nothing was done."),
    "people_not_resolved": "No people are resolved yet. Run: fullhouse people resolve",
    "person_ids_end": ("Person ids end at {most}: {new} new accounts may not fit after {last}."),
    "refusals_go": (
        "Retracting {name} takes out {refusals} refusals of a purpose: without them, those people"
        " may take part again until the mended file is in. Nothing was done. If that is meant, name"
        " the number of rows as well: --expect {rows}."
    ),
    "resolve_cut_off": "The last resolve run was cut off. Run: fullhouse people resolve",
    "too_few_cities_to_pair": "Pairs take at least {needed} cities, and there are {cities}.",
    "too_few_rows_to_link": "{rows} rows cannot be linked: give at least {needed}.",
    "training_failed": "Training failed: {reason}",
    "too_many_unlinked": (
        "{accounts} accounts at once are more than {most}: rule out the identifier that joins"
        " them instead."
    ),
}


def error_words(problem: FullhouseError) -> str:
    """The sentence of an error; of one whose code has none, the code and its facts."""
    template = SENTENCES.get(problem.code)
    facts = {name: fact_words(value) for name, value in problem.facts.items()}
    if template is None:
        return f"{problem.code}: " + ", ".join(f"{name} {value}" for name, value in facts.items())
    if "line" in problem.facts:
        line = problem.facts["line"]
        facts["at_line"] = f", line {facts['line']}" if line else ", which does not name it"
    if isinstance(problem, ConflictError) and "written" in facts:
        template += WRITTEN_BEFORE if facts["written"] else NOTHING_WRITTEN
    return text(template, **facts)


def fact_words(value: object) -> str:
    """A fact of an error as it stands in its sentence.

    >>> fact_words(12_300), fact_words(date(2025, 3, 14)), fact_words(["age", "city"])
    ('12,300', '14 March 2025', 'age, city')
    """
    if isinstance(value, date):
        return day_words(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return plain(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(fact_words, value))
    return str(value)
