"""The words that always hold a comment: what spam says and readers of an institute hardly do.

A * after a word stands for any ending. They hold, they never reject: whoever says one honestly is
published as soon as a moderator has read it. Still each is a phrase rather than a word where honest
people say the word: they ask about loans, EMI, WhatsApp groups, degrees, marksheets and part-time
jobs, study from home, and thank Mr Sharma.
"""

from __future__ import annotations

_ENGLISH = """
backlink*; guest post*; dofollow; do follow; link building; niche edit*; domain authority;
page authority; seo service*; seo expert*; seo agency; seo company; rank your website; rank your site;
rank on google; rank higher; first page of google; page one of google; top of google; google ranking*;
website traffic; web traffic; traffic to your; came across your; stumbled upon; stumbled across;
your website design; redesign your website; improve your website; visitors to your; grow your business;
webmaster*; nice blog; great blog; your blog; this blog; excellent article*; informative post;
informative article*; nice post; great post; book marking; bookmarked your; bookmark your; keto;
gummies; weight loss; lose weight; cbd oil; viagra; cialis; online pharmacy; no prescription;
without prescription; pills; male enhancement; herbal remedy; herbal cure; casino; betting site*;
betting app*; betting tip*; online betting; sports betting; roulette; jackpot; satta; matka; rummy;
teen patti; ipl tips; free spins; slot game*; sure shot; fixed match*; lottery winner*; lucky draw;
bitcoin invest*; crypto invest*; crypto giveaway; forex trad*; forex signal*; forex expert*; forex ai;
forex bot; trading bot; trading signal*; double your; triple your; guaranteed return*;
guaranteed profit*; guaranteed income; minimum deposit; min deposit; my referral; referral link;
invest with; invested with; account manager; recover your; lost funds; stolen bitcoin; stolen crypto;
recovery expert*; hire a hacker; professional hacker; spy app; loan approv*; instant loan; quick loan;
urgent loan; loan offer*; loan lender*; without cibil; no cibil; bad cibil; no collateral;
bank instrument*; earn money; earn from home; earn up to; earn daily; earn weekly; daily earning*;
daily payout; weekly payout; data entry job*; data entry work available; data entry project*;
online data entry; captcha typing; typing captcha; typing job*; typing work; ad posting job*;
part time job offer*; part time job available; part time work offer*; work from home job*;
urgent hiring; urgently hiring; urgently required; no investment; without investment; zero investment;
backdoor job*; backdoor entry; backdoor opening*; backdoor joining*; backdoor placement*; visa sponsor*;
free visa; free accommodation; free accomodation; without exam; without sitting; original degree*;
buy degree*; buy a degree; fake degree*; degree for sale; genuine certificate*; registered certificate*;
genuine experience*; fake experience; experience certificate available; duplicate marksheet*;
original marksheet*; marksheet available; backdated; diploma for sale; buy diploma*; leaked from;
leaked question*; bgv support; verification support; essay writing service*; essay writer*;
write your essay*; write your assignment*; write my essay*; assignment help service*;
assignment helper*; assignment expert*; assignment writ*; dissertation help; dissertation writ*;
thesis help; thesis writ*; plagiarism free; a plus grade*; do your exam*; take your exam*;
do your homework; take your online class*; proxy interview*; interview proxy; interview support;
provide job support; exam dump*; brain dump*; online exam help; pay after pass; pass guarantee*;
guaranteed pass; solved assignment*; with source code; join our institute; our institute; our academy;
our coaching; coaching class*; we provide training; training institute in; best institute in;
limited seats; admission open; admissions open; hire me; hire us; hire our; virtual assistant*;
freelanc* service*; our agency; our team of; our company offer*; we offer; we also offer; we provide;
we develop; we specialize; we specialise; app development service*; app development compan*;
web development service*; web development compan*; web design service*; bulk sms; bulk email*;
bulk whatsapp; database for sale; student database; lead generation; astrolog*; vashikaran; black magic;
love spell*; spell caster; spell cast*; love problem*; illuminati; customer care number*;
helpline number*; support number*; toll free; escort*; call girl*; dating site*; dating app*;
online dating; single girls; hot girls; sex chat; porn*; sugar mummy; sugar daddy; forward this;
send this message; send this to 10; send this to ten; copy and paste this; god will bless; bad luck;
my testimony; god sent; dm me; dm for; inbox me; contact me on; whatsapp me on; whatsapp me at;
text me on; message me on; check my profile; click here; click below; click the link; visit our;
visit my site; visit my website; visit my page; visit my profile; visit my blog; my web page;
my homepage; subscribe to my; my channel; free followers; instagram followers; watch full; full movie;
mod apk; use my code; free shipping; cash on delivery; wholesale price*; order now; buy now; shop now;
best price*; lowest price*; bookmark*; great article*; forex; relieving letter*; cibil; testimony;
visit my; part time work; cricket betting; to 10 people; to 11 people; to 15 people; to 20 people;
to 21 people; share this with everyone; send this to all; make money online; passive income;
financial freedom; be your own boss; earning app; vip signal*; investment plan*; investment platform*;
binary option*; airdrop; cloud mining; presale; bonus code; sign up bonus; signup bonus; welcome bonus;
deposit bonus; real money; poker; online slots; academic writ*; turnitin; zero plagiarism; undetectable;
coursework help; nursing essay*; original certificate*; certificate without; without attending;
counterfeit; fake id; fake notes; custom software development; dedicated developer*; outsource your;
logo design*; graphic design service*; video editing service*; explainer video*; available for hire;
available for freelance; looking for clients; reach out to us; get in touch with us; call today;
whatsapp now; grab your; limited time offer; limited offer; packers and movers; plumber; mattress;
replica; rolex; testosterone; erectile; slimming; hair loss; herpes; lottery; winning number*;
get your ex back; ex back; husband back; wife back; marriage problem*; spiritual healer*; nice share
"""
_HINDI = """
paise kama*; paisa kama*; ghar baithe paise; ghar baithe kam*; ghar baithe mobile; daily kamao;
roz kamao; lakh kamao; lakho kamao; lakhon kamao; pakki joining; backdoor se; turant loan; cibil kharab;
sampark kare*; is number pe; is number par; logo ko bhejo; logon ko bhejo; aage bhejo; baba ji;
whatsapp karo; whatsapp kare*; coaching karo; channel pe aa*; mere channel; apk download; aviator;
वशीकरण; पैसे कमा*; पैसा कमा*; लाखों कमा*; घर बैठे कमा*; घर बैठे पैसे; घर बैठे काम; कमाओ; संपर्क करें;
सम्पर्क करें; अभी कॉल; तुरंत कॉल; लोगों को भेजो; लोगों को भेजें; आगे भेजो; ज्योतिष*; तांत्रिक; बाबा जी;
सट्टा; कैसीनो; रमी; मार्कशीट बनवा*; ओरिजिनल मार्कशीट; डिग्री बनवा*; बिना परीक्षा; बिना सिबिल; तुरंत लोन;
फॉलो करें; सब्सक्राइब कर*; फ्री रिचार्ज; रिचार्ज बिल्कुल फ्री; आयुर्वेदिक दवा; वेबसाइट बनवा*;
गूगल रैंकिंग; ghar baithe kamai; loan milega turant; jaldi join karo; refer karo; jeeto; pandit ji;
पंडित जी; कमाई करें; घर बैठे कमाई; तुरंत पैसा; लॉटरी; इनाम जीत*; लिंक पर क्लिक; अभी डाउनलोड; अभी जॉइन;
ऑर्डर करें; कैश ऑन डिलीवरी
"""
_INDIAN = """
सर्वात स्वस्त; स्वस्त क्लास*; संपर्क साधा; पैसे कमवा; घरबसल्या कमवा; कमवा; आमच्या क्लास*; प्रवेश सुरू;
பணம் சம்பாதி*; வீட்டிலிருந்தே சம்பாதி*; வீட்டில் இருந்தே சம்பாதி*; தினமும் சம்பாதி*; தொடர்புக்கு;
தொடர்பு கொள்ளவும்; தொடர்பு கொள்ளுங்கள்; உடனடி கடன்; ஜாமீன் தேவையில்லை; போலி சான்றிதழ்; வாட்ஸ்அப் செய்*;
ஜோதிட*; வசிய*; సంప్రదించండి; సంప్రదించగలరు; డబ్బు సంపాదించ*; ఇంట్లో కూర్చుని సంపాదించ*; రమ్మీ;
తక్షణ రుణం; జ్యోతిష్య*; వశీకరణ*; টাকা আয়; আয় করুন; ইনকাম করুন; ঘরে বসে আয়; ঘরে বসে টাকা;
ঘরে বসে ইনকাম; যোগাযোগ করুন; সার্টিফিকেট কিনুন; লোন নিন; ক্যাসিনো; বশীকরণ; জ্যোতিষ*; এসইও; आजच संपर्क;
ऑर्डर करा; லாட்டரி; இப்போதே விண்ணப்பி*; ஆர்டர் செய்*; లోన్ కావాలా; ఇప్పుడే డౌన్లోడ్; লটারি; অর্ডার করুন;
এখনই ডাউনলোড
"""
_EUROPEAN = """
geld verdienen; nebenjob von zu hause; jetzt bestellen; hier klicken; schreiben lassen;
hausarbeit schreiben; ghostwrit*; doktortitel; führerschein kaufen; zeugnis kaufen; zertifikat kaufen;
ohne prüfung; suchmaschinenoptimierung; toller blog; schöne seite; besuchen sie; krypto plattform;
krypto invest*; bitcoin plattform; mindesteinlage; passives einkommen; ohne schufa; sofortkredit;
freispiele; rezeptfrei; potenzmittel; wahrsag*; hellseh*; gana dinero; ganar dinero; gana desde casa;
trabaja desde casa; dinero desde casa; préstamos rápidos; préstamo rápido; préstamo inmediato;
préstamo sin; préstamos sin; oferta de préstamo*; sin aval; compra tu título; comprar título;
título universitario sin; tarot; brujo; vidente*; amarre*; hechizo*; apuestas; posicionamiento web;
posicionamiento seo; muy bueno el blog; buen blog; tu blog; gran blog; solo interesados;
escribir al correo; envío gratis; haz clic; adelgazar; sin plagio; hacemos tu; купить диплом*;
купить аттестат*; диплом* с занесением; диплом* на заказ; курсовые на заказ; дипломные работы на заказ;
заработок в интернете; заработок без; заработать в интернете; заработай*; без вложений; пассивный доход;
займ*; микрозайм*; кредит без; деньги срочно; казино; ставки на спорт; прогнозы на спорт; приворот*;
порчи; порчу; гадал*; гадание; ясновид*; под ключ; заказать сайт; пишите в лс; пишите в личк*;
пишите в телеграм*; пишите в whatsapp; раскрутка; продвижение сайт*; инвестируй*; высокая доходность;
отличная статья; познавательная статья; добавил в закладки; вашего блога; ваш блог; schnell geld;
geld von zu hause; heimarbeit; günstig kaufen; jetzt kaufen; sofort auszahlung; gewinnspiel*;
führerschein ohne; doktorarbeit schreiben; kartenlegen; webdesign agentur; bester preis; dinero fácil;
dinero rápido; ingresos pasivos; ingresos extra; libertad financiera; compra ahora; haz tu pedido;
casino; préstamos personales; crédito inmediato; baja de peso; señales de trading; tu propio jefe;
diseño web económico; быстрые деньги; деньги в долг; кредит наличными; без справок; рублей в день;
в день на карту; удаленный заработок; набираем сотрудников; требуются сотрудники; знакомства; интим;
проститутк*; виагра; таро; контрольные на заказ; решу контрольн*; антиплагиат; оставьте заявку;
накрутка; букмекер*; вулкан
"""
_FURTHER = """
اربح; الربح من الانترنت; ربح المال; العمل من المنزل بدون; يوميا من المنزل; شراء شهادة;
شهادة جامعية بدون; شهادات للبيع; للتواصل واتساب; واتساب للتواصل; تواصل معنا; تواصل واتساب; انشرها;
ارسلها; من ارسلها; كازينو; رهان; المراهنات; ارخص الاسعار; افضل الاسعار; جلب الحبيب; روحاني; كتابة بحوث;
كتابة رسائل; حل واجبات; مدونة رائعة; شركة تنظيف; نقل عفش; قرض سريع; قروض فورية; اضغط على الرابط;
توصيات تداول; 手机兼职; 网络兼职; 兼职日结; 诚招; 日结; 轻松赚钱; 在家赚钱; 日赚; 躺赚; 月入过万;
无抵押; 秒批; 低息贷款; 办证; 办理毕业证; 毕业证办理; 买毕业证; 大学毕业证; 文凭办理; 留信; 代写; 代考;
代做; 加我微信; 请加微信; 加微信咨询; 加威信; 加q群; 赌场; 博彩; 彩票; 超低价; 刷单; 加盟; 包过; 网赚;
算命; 代开发票; توصيل سري; الدفع عند الاستلام; تكبير; تنحيف; كشف تسربات; مكافحة حشرات; تسليك مجاري;
خدمات طلابية; اعداد بحوث; رسائل ماجستير; مدونة; قروض شخصية; تمويل شخصي; فك السحر; استثمر; ارباح يومية;
دخل اضافي; شراء شهادات; 代办; 办理学历; 论文代发; 论文代写; 投资回报; 稳赚; 包赚; 高回报; 带单; 炒币;
六合彩; 百家乐; 约炮; 祛痘; 减肥; 壮阳; 加v; 招代理; 网贷; 信用卡套现; زيادة متابعين; مشاهدة مباراة;
点赞关注
"""

# Said honestly every day, one by one; an advertisement says several at once.
_HINTS = """
your website; your site; your business; your company; your article*; blog post*; betting; data entry;
personal loan*; part time job*; full time job*; extra income; experience letter*;
experience certificate*; marksheet*; exam help; job support; proxy; app development; mobile app*;
web development; website development; web design; digital marketing; seo; graphic design*; freelanc*;
hire; hiring; vacancy; vacancies; salary slip*; work from home; earning*; profit*; invest*; trading;
crypto; usdt; guarantee*; genuine; trusted; registration fee; processing fee; advance payment;
send this to; share this; whatsapp me; inbox; call me; contact me; contact us; call us; free download;
download free; promo code; discount*; special offer; cheap*; lowest; affordable; per hour; per day;
homework; dissertation*; thesis; essay*; coursework; plagiarism; services; solutions; our clients;
specialist*; years of experience; ranking*; traffic; boost; followers; thanks to mr; thanks to mrs;
dating; astro*; bulk; wholesale; visa; abroad; limited time; hurry; register now; enroll now; call now;
book now; loan chahiye; roz ka; number pe; whatsapp pe; ghar baithe; kamai; naukri pakki; joining; sirf;
मार्कशीट; लोन; घर बैठे; संपर्क; कॉल करें; भेजो; कमाई; गारंटी; बिल्कुल फ्री; क्लासेस; स्वस्त; கடன்;
டிகிரி; வாட்ஸ்அப்; சம்பாதிக்க*; இலவசமாக; লোন; ঘরে বসে; যোগাযোগ; সার্টিফিকেট; von zu hause;
guter beitrag; bachelorarbeit*; masterarbeit*; krypto; bitcoin; günstig*; kostenlos; garantiert;
kredit*; ihre website; ihre webseite; desde casa; préstamo*; título universitario; interesados; gratis;
dinero; invertir; garantizado; tu negocio; tu web; купить; заработ*; диплом*; ставки; недорого;
заказать; пишите; портфолио; инвестиц*; блог; гаранти*; доход; опыт; скидк*; оплата после; сайт*;
من المنزل; شهادة جامعية; شهادات; بدون حضور; بدون خبرة; واتساب; للتواصل; ارخص; موقعكم; ارباح; ضمان;
مجانا; قرض; يوميا; خدمات; افضل; 兼职; 赚钱; 贷款; 毕业证; 微信; 加群; 低价; 优惠; 保证; 收入; 投资;
免费领
"""


def _phrases(*texts: str) -> tuple[str, ...]:
    found = (one.strip() for one in ";".join(texts).replace("\n", " ").split(";"))
    return tuple(dict.fromkeys(one for one in found if one))


LISTED = _phrases(_ENGLISH, _HINDI, _INDIAN, _EUROPEAN, _FURTHER)
HINTS = _phrases(_HINTS)
