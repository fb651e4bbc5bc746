-- Slips of directives (R23) among the cards: levels of their own, and whether the matter is urgent. Additive: a build
-- before this one issues none, and says of no matter that it is urgent.
alter table card_words add column urgent boolean not null default false;
comment on column card_words.urgent is 'Whether its matter was registered as urgent: slips of such start higher (R23).';

alter table cards add column urgent boolean not null default false;
comment on column cards.urgent is 'Whether the matter is urgent, as far as the card rests on it.';
alter table cards drop constraint cards_have_a_known_rule;
alter table cards add constraint cards_have_a_known_rule check (rule in ('limit', 'repetition', 'slip'));
alter table cards drop constraint cards_have_a_known_level;
alter table cards add constraint cards_have_a_known_level check (
    case rule when 'slip' then level in ('blue', 'orange', 'red')
    else level in ('reminder', 'warning', 'yellow', 'red') end
);
