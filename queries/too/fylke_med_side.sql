/*---
title = "Fylker som skal ha sider"
audience = "arbeid"
grain = ["fylkesnr"]
versjon = 1
---*/
-- SSB Klass 104 from 2024, written out a second time: a county that falls out of `fylke`, or out of a table made from it,
-- would otherwise lose its pages without a word.
select fylkesnr
from (
    values
    ('03'),
    ('11'),
    ('15'),
    ('18'),
    ('31'),
    ('32'),
    ('33'),
    ('34'),
    ('39'),
    ('40'),
    ('42'),
    ('46'),
    ('50'),
    ('55'),
    ('56')
) as koder (fylkesnr)
order by fylkesnr
